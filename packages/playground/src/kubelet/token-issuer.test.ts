// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openTokenIssuer } from './token-issuer.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'signet-issuer-'));
afterAll(() => rmSync(directory, { recursive: true }));
const now = new Date('2026-11-01T00:00:00Z');
const subject = {
  namespace: 'shop',
  serviceAccount: { name: 'cart', uid: 'sa' },
  pod: { name: 'cart-1', uid: 'p' },
  node: { name: 'n1', uid: 'n' },
};

describe('openTokenIssuer', () => {
  test('writes the claims of a kube-apiserver, verifiable by its JWKS', () => {
    const token = openTokenIssuer(directory, () => now).issue(subject, {
      audiences: ['signet.dev'],
      lifetimeSeconds: 3600,
    });
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const seconds = now.getTime() / 1000;
    expect(claims).toEqual({
      aud: ['signet.dev'],
      exp: seconds + 3600,
      iat: seconds,
      iss: 'https://kubernetes.default.svc.cluster.local',
      jti: expect.any(String),
      'kubernetes.io': {
        namespace: 'shop',
        node: subject.node,
        pod: subject.pod,
        serviceaccount: subject.serviceAccount,
      },
      nbf: seconds,
      sub: 'system:serviceaccount:shop:cart',
    });
    const jwks = JSON.parse(readFileSync(path.join(directory, 'jwks.json'), 'utf8')) as {
      keys: (JsonWebKey & { kid: string })[];
    };
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const key = jwks.keys.find((candidate) => candidate.kid === kid);
    expect(key).not.toHaveProperty('d');
    const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    expect(
      verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url')),
    ).toBe(true);
  });

  test('keeps its key', () => {
    const before = readFileSync(path.join(directory, 'jwks.json'), 'utf8');
    openTokenIssuer(directory, () => now);
    expect(readFileSync(path.join(directory, 'jwks.json'), 'utf8')).toBe(before);
  });
});
