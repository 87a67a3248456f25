// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, test } from '@jest/globals';
import { failure, success } from '@signet/model';
import type { TokenVerifier, VerifiedToken } from '@signet/runtime';
import { at } from '../../test/inventory-events.ts';
import { createCachedVerifier } from './cached-verifier.ts';

const token: VerifiedToken = {
  namespace: 'shop',
  serviceAccount: 'cart',
  podName: 'cart-0',
  podUid: 'uid',
  nodeName: 'node-a',
  nodeUid: 'node-uid',
  credentialId: 'jti',
  issuedAt: at(-10),
  expiresAt: at(5),
  audiences: ['signet.dev'],
};
let now: Date;
let judged: number;
let isGood: boolean;
let verifier: TokenVerifier | undefined;

beforeEach(() => {
  now = at(0);
  judged = 0;
  isGood = true;
  const strict: TokenVerifier = {
    verify(text) {
      judged += 1;
      const verdict = { ...token, expiresAt: text === 'long' ? at(3600) : at(5) };
      return Promise.resolve(isGood ? success(verdict) : failure({ reason: 'TOKEN_EXPIRED', message: '' }));
    },
  };
  verifier = createCachedVerifier(strict, { now: () => now });
});

test('a good token is verified once within ten seconds', async () => {
  await verifier?.verify('long');
  now = at(9);
  await verifier?.verify('long');
  expect(judged).toBe(1);
  now = at(10);
  isGood = false;
  expect(await verifier?.verify('long')).toMatchObject({ ok: false });
});

test('never beyond its own end', async () => {
  await verifier?.verify('short');
  now = at(5);
  isGood = false;
  expect(await verifier?.verify('short')).toMatchObject({ ok: false });
});

test('another token is another token, and a bad one is judged each time', async () => {
  await verifier?.verify('long');
  isGood = false;
  expect(await verifier?.verify('long2')).toMatchObject({ ok: false });
  expect(await verifier?.verify('long2')).toMatchObject({ ok: false });
  expect(judged).toBe(3);
});

test('without an issuer there is nothing to remember', () => {
  expect(createCachedVerifier(undefined, { now: () => now })).toBeUndefined();
});
