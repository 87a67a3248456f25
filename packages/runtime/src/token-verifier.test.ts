// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type JWTPayload } from 'jose';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

const issuer = 'https://issuer.test';
const now = new Date('2026-11-25T12:00:00Z');
const nowSeconds = now.getTime() / 1000;
const claims = {
  iss: issuer,
  sub: 'system:serviceaccount:shop:checkout',
  aud: ['signet.dev'],
  iat: nowSeconds - 60,
  nbf: nowSeconds - 60,
  exp: nowSeconds + 600,
  jti: 'credential',
  'kubernetes.io': {
    namespace: 'shop',
    pod: { name: 'checkout-1', uid: 'pod-uid' },
    serviceaccount: { name: 'checkout', uid: 'sa-uid' },
    node: { name: 'node-1', uid: 'node-uid' },
  },
};

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let directory: string;
let file: string;
let keys: Keys;
let verifier: TokenVerifier;

async function writeJwks(pairs: Readonly<Record<string, Keys>>): Promise<void> {
  const list = await Promise.all(
    Object.entries(pairs).map(async ([kid, pair]) => ({ ...(await exportJWK(pair.publicKey)), kid, use: 'sig' })),
  );
  writeFileSync(file, JSON.stringify({ keys: list }));
}

async function signToken(payload: JWTPayload, o: { readonly key?: Keys; readonly kid?: string } = {}): Promise<string> {
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: o.kid ?? 'a' })
    .sign((o.key ?? keys).privateKey);
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-jwks-'));
  file = path.join(directory, 'jwks.json');
  keys = await generateKeyPair('ES256');
  await writeJwks({ a: keys });
  verifier = createTokenVerifier({
    issuer,
    audiences: ['signet.dev', 'istio-ca'],
    jwks: { file },
    clock: { now: () => now },
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

async function reasonOf(token: string): Promise<string> {
  const outcome = await verifier.verify(token);
  return outcome.ok ? 'ok' : outcome.error.reason;
}

describe('token verifier', () => {
  test('reads a bound token', async () => {
    const outcome = await verifier.verify(await signToken(claims));
    expect(outcome).toEqual({
      ok: true,
      value: {
        namespace: 'shop',
        serviceAccount: 'checkout',
        podName: 'checkout-1',
        podUid: 'pod-uid',
        nodeName: 'node-1',
        nodeUid: 'node-uid',
        credentialId: 'credential',
        issuedAt: new Date((nowSeconds - 60) * 1000),
        expiresAt: new Date((nowSeconds + 600) * 1000),
        audiences: ['signet.dev'],
      },
    });
  });

  test('an unbound token verifies, with empty pod fields', async () => {
    const { namespace, serviceaccount } = claims['kubernetes.io'];
    const outcome = await verifier.verify(
      await signToken({ ...claims, 'kubernetes.io': { namespace, serviceaccount } }),
    );
    expect(outcome).toMatchObject({ ok: true, value: { podName: '', podUid: '', nodeName: '' } });
  });

  test.each([
    ['another audience', { aud: ['https://kubernetes.default.svc'] }, 'TOKEN_AUDIENCE_WRONG'],
    ['no audience', { aud: undefined }, 'TOKEN_AUDIENCE_WRONG'],
    ['expired', { exp: nowSeconds - 60 }, 'TOKEN_EXPIRED'],
    ['not yet valid', { nbf: nowSeconds + 60 }, 'TOKEN_EXPIRED'],
    ['without end', { exp: undefined }, 'TOKEN_EXPIRED'],
    ['foreign issuer', { iss: 'https://evil.test' }, 'TOKEN_ISSUER_UNKNOWN'],
    ['not of Kubernetes', { 'kubernetes.io': undefined }, 'TOKEN_MALFORMED'],
    ['two accounts', { sub: 'system:serviceaccount:shop:payments' }, 'TOKEN_MALFORMED'],
    ['subject of a user', { sub: 'alice' }, 'TOKEN_MALFORMED'],
  ])('%s', async (_, change, reason) => {
    expect(await reasonOf(await signToken({ ...claims, ...change } as JWTPayload))).toBe(reason);
  });

  test('a signature by somebody else', async () => {
    expect(await reasonOf(await signToken(claims, { key: await generateKeyPair('ES256') }))).toBe(
      'TOKEN_SIGNATURE_INVALID',
    );
    expect(await reasonOf(await signToken(claims, { kid: 'unknown' }))).toBe('TOKEN_SIGNATURE_INVALID');
    const foreign = { ...claims, iss: 'https://evil.test' };
    expect(await reasonOf(await signToken(foreign, { key: await generateKeyPair('ES256') }))).toBe(
      'TOKEN_ISSUER_UNKNOWN',
    );
  });

  test('no signature, a symmetric one, or garbage', async () => {
    expect(await reasonOf(new UnsecuredJWT(claims as JWTPayload).encode())).toBe('TOKEN_SIGNATURE_INVALID');
    const symmetric = await new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: 'HS256', kid: 'a' })
      .sign(Buffer.alloc(32));
    expect(await reasonOf(symmetric)).toBe('TOKEN_SIGNATURE_INVALID');
    for (const garbage of ['', 'a.b.c', 'x'.repeat(100_000), '..', '{}', `${'a'.repeat(50)}.${'b'.repeat(50)}.`]) {
      expect(await reasonOf(garbage)).toBe('TOKEN_MALFORMED');
    }
  });

  test('follows a rotation of the file', async () => {
    const next = await generateKeyPair('ES256');
    const token = await signToken(claims, { key: next, kid: 'b' });
    expect(await reasonOf(token)).toBe('TOKEN_SIGNATURE_INVALID');
    await writeJwks({ a: keys, b: next });
    expect(await reasonOf(token)).toBe('ok');
  });

  test('a good signature is remembered for a moment, and never beyond the end of the token', async () => {
    let nowMs = now.getTime();
    const own = path.join(directory, 'own.json');
    writeFileSync(own, JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'a' }] }));
    const remembering = createTokenVerifier({
      issuer,
      audiences: ['signet.dev'],
      jwks: { file: own },
      clock: { now: () => new Date(nowMs) },
    });
    const token = await signToken({ ...claims, exp: nowSeconds + 5 });
    expect(await remembering.verify(token)).toMatchObject({ ok: true });
    writeFileSync(own, JSON.stringify({ keys: [] }));
    expect(await remembering.verify(token)).toMatchObject({ ok: true });
    const [head, body, signature = ''] = token.split('.');
    const forged = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await remembering.verify(forged)).toMatchObject({ ok: false });
    nowMs += 6000;
    expect(await remembering.verify(token)).toMatchObject({ ok: false });
  });

  test('without keys it says so, and does not blame the token', async () => {
    const blind = createTokenVerifier({ issuer, audiences: ['signet.dev'], jwks: { file: '/no/such/file' } });
    expect(await blind.verify(await signToken(claims))).toMatchObject({
      ok: false,
      error: { reason: 'KUBERNETES_DOWN' },
    });
  });
});
