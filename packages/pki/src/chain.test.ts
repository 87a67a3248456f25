// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  cartId,
  createIntermediate,
  createRoot,
  createTestChain,
  hours,
  issue,
  now,
  pemOf,
} from '../test/chain-kit.ts';
import { verifyChain } from './chain.ts';
import { formatPem } from './pem.ts';
import { generateKeyPair } from './public-key.ts';
import { parseTrustBundle } from './trust-bundle.ts';
import { verifyIssued, type IssuedCheck } from './verify-issued.ts';

type Chain = Awaited<ReturnType<typeof createTestChain>>;
let chain: Chain;
let stranger: Chain;

beforeAll(async () => {
  [chain, stranger] = await Promise.all([createTestChain(), createTestChain()]);
});

describe('verifyChain', () => {
  const request = () => ({
    leaf: chain.leaf,
    intermediates: [chain.intermediate.certificate],
    roots: [chain.root.certificate],
    now,
  });

  test('leads from the leaf over the intermediate to the root, whatever else lies about', () => {
    const intermediates = [stranger.intermediate.certificate, chain.leaf, chain.intermediate.certificate];
    const verified = verifyChain({
      ...request(),
      intermediates,
      roots: [stranger.root.certificate, chain.root.certificate],
    });
    expect(verified).toEqual({ ok: true, value: [chain.leaf, chain.intermediate.certificate, chain.root.certificate] });
  });

  test.each<[string, () => Partial<Parameters<typeof verifyChain>[0]>]>([
    ['without the intermediate', () => ({ intermediates: [] })],
    ['without a root', () => ({ roots: [] })],
    ['with a strange root', () => ({ roots: [stranger.root.certificate] })],
    ['with a strange intermediate', () => ({ intermediates: [stranger.intermediate.certificate] })],
    ['before the leaf is valid', () => ({ now: hours(-2) })],
    ['after the leaf has expired', () => ({ now: hours(25) })],
    ['with a CA as leaf', () => ({ leaf: chain.intermediate.certificate })],
  ])('refuses %s', (_name, change) => {
    expect(verifyChain({ ...request(), ...change() }).ok).toBe(false);
  });

  test('refuses an expired intermediate under a valid leaf', async () => {
    const root = await createRoot();
    const intermediate = await createIntermediate(root, { notAfter: hours(1) });
    const leaf = await issue(intermediate, { notAfter: hours(1) });
    const extended = { ...leaf, notAfter: hours(10) };
    const verified = verifyChain({
      leaf: extended,
      intermediates: [intermediate.certificate],
      roots: [root.certificate],
      now: hours(2),
    });
    expect(verified).toEqual({ ok: false, error: 'an issuer has expired' });
  });

  test('refuses a leaf as issuer', async () => {
    const forged = {
      ...chain.leaf,
      issuer: chain.leaf.subject,
      extensions: { ...chain.leaf.extensions, authorityKeyIdentifier: undefined },
    };
    expect(verifyChain({ ...request(), leaf: forged, roots: [chain.leaf] })).toEqual({
      ok: false,
      error: 'an issuer is not a CA',
    });
  });
});

describe('verifyIssued', () => {
  const check = (): IssuedCheck => ({
    chainPem: [pemOf(chain.leaf), pemOf(chain.intermediate.certificate)],
    rootsPem: pemOf(chain.root.certificate),
    privateKey: chain.privateKey,
    expectedSpiffeId: cartId,
    profile: 'workload',
    now,
  });

  test('accepts what was expected', () => {
    const verified = verifyIssued(check());
    expect(verified).toMatchObject({ ok: true, value: { serial: chain.leaf.serial, spiffeId: cartId, dnsNames: [] } });
    expect(verified.ok && verified.value.certificateChainPem).toBe(pemOf(chain.leaf, chain.intermediate.certificate));
  });

  test.each<[string, () => Partial<IssuedCheck>]>([
    ['another identity', () => ({ expectedSpiffeId: `${cartId}x` })],
    ['another key', () => ({ privateKey: generateKeyPair().privateKey })],
    ['another root', () => ({ rootsPem: pemOf(stranger.root.certificate) })],
    ['an empty bundle', () => ({ rootsPem: '' })],
    ['a bundle with a leaf in it', () => ({ rootsPem: pemOf(chain.leaf) })],
    ['an empty chain', () => ({ chainPem: [] })],
    ['garbage', () => ({ chainPem: formatPem('CERTIFICATE', Buffer.from('garbage')) })],
    ['expired', () => ({ now: hours(48) })],
  ])('refuses %s', (_name, change) => {
    expect(verifyIssued({ ...check(), ...change() })).toMatchObject({
      ok: false,
      error: { reason: 'CERTIFICATE_REJECTED' },
    });
  });

  test('refuses DNS names in a workload certificate, and takes them in a serving one', async () => {
    const leaf = await issue(chain.intermediate, {
      names: { profile: 'serving', spiffeId: cartId, dnsNames: ['cart.shop.svc'] },
      spki: chain.leaf.spki,
    });
    const chainPem = pemOf(leaf, chain.intermediate.certificate);
    expect(verifyIssued({ ...check(), chainPem }).ok).toBe(false);
    expect(verifyIssued({ ...check(), chainPem, profile: 'serving' })).toMatchObject({
      ok: true,
      value: { dnsNames: ['cart.shop.svc'] },
    });
  });
});

test('a trust bundle holds CA certificates only', () => {
  const roots = pemOf(chain.root.certificate, stranger.root.certificate);
  expect(parseTrustBundle(`comment\n${roots}`)).toMatchObject({ ok: true, value: { length: 2 } });
  expect(parseTrustBundle(roots + pemOf(chain.leaf)).ok).toBe(false);
  expect(parseTrustBundle('').ok).toBe(false);
});
