// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import type { CallContext } from '@signet/runtime';
import { accountIds, createAuthoriser } from './authorise.ts';

const authorise = createAuthoriser({
  trustDomain: 'td',
  controlPlane: {
    accounts: ['sys/signetd'],
    account: 'sys/signetd',
    caAddress: '',
    caMtlsAddress: '',
    discoveryAddress: '',
  },
  operators: { accounts: ['sys/operator'] },
});
const ads = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const list = '/signet.config.v1.ProxyStatus/ListProxies';

function context(spiffeId: string | undefined, hasPeer = true): CallContext {
  return {
    peer: hasPeer ? { raw: Buffer.alloc(0), serial: '', spiffeId, notAfter: new Date() } : undefined,
    bearerToken: undefined,
    remoteAddress: '',
    signal: new AbortController().signal,
    metadata: new Map(),
    connectionId: 1,
  };
}

test.each([
  ['spiffe://td/ns/shop/sa/web', ads, true],
  ['spiffe://td/ns/shop/sa/web', list, false],
  ['spiffe://td/ns/sys/sa/operator', list, true],
  ['spiffe://td/ns/sys/sa/signetd', list, true],
  ['spiffe://other/ns/sys/sa/operator', list, false],
  ['spiffe://td/ns/sys/sa/operator', '/signet.config.v1.ProxyStatus/Unheard', false],
])('%s on %s: %s', (spiffeId, method, isAllowed) => {
  const call = () => authorise(context(spiffeId), method);
  if (isAllowed) expect(call).not.toThrow();
  else expect(call).toThrow(expect.objectContaining({ reason: 'CALLER_NOT_ALLOWED' }));
});

test('nobody without a certificate', () => {
  expect(() => authorise(context(undefined, false), ads)).toThrow(
    expect.objectContaining({ reason: 'CREDENTIAL_MISSING' }),
  );
  expect(() => authorise(context(undefined), ads)).toThrow(expect.objectContaining({ reason: 'CREDENTIAL_MISSING' }));
});

test('accounts become SPIFFE ids', () => {
  expect(accountIds('td', ['a/b'])).toEqual(['spiffe://td/ns/a/sa/b']);
});
