// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { failure, success } from '@signet/model';
import type { PeerCertificate } from '@signet/runtime';
import { createAuthorise, type Caller } from './authorise.ts';
import { discoveryConfigSchema } from './config.ts';

const config = discoveryConfigSchema.parse({ trustBundleFile: '/roots.pem' });
const list = '/signet.discovery.v1.Inventory/ListServices';
const report = '/signet.discovery.v1.TrafficReports/ReportTraffic';

function withCertificate(spiffeId: string | undefined): Caller {
  const peer: PeerCertificate = { raw: Buffer.alloc(0), serial: '0a', spiffeId, notAfter: new Date() };
  return { peer, bearerToken: undefined };
}

function withToken(account: string): Caller {
  return { peer: undefined, bearerToken: account };
}

/** Takes `namespace/account` for a good token. */
const verifier = {
  verify: (token: string) => {
    const [namespace = '', serviceAccount = ''] = token.split('/');
    if (serviceAccount === '')
      return Promise.resolve(failure({ reason: 'TOKEN_EXPIRED', message: 'expired' } as const));
    const times = { issuedAt: new Date(0), expiresAt: new Date(0) };
    const names = { podName: '', podUid: '', nodeName: '', nodeUid: '', credentialId: '' };
    return Promise.resolve(success({ namespace, serviceAccount, ...names, ...times, audiences: ['signet.dev'] }));
  },
};

const inSystem = 'spiffe://cluster.local/ns/signet-system/sa';
test.each<[string, Caller, string, string | undefined]>([
  ['control plane', withCertificate(`${inSystem}/signetd`), list, undefined],
  ['operator by certificate', withCertificate(`${inSystem}/signet-operator`), list, undefined],
  ['operator by token', withToken('signet-system/signet-operator'), list, undefined],
  ['workload reports', withCertificate('spiffe://cluster.local/ns/shop/sa/checkout'), report, undefined],
  ['workload reads', withCertificate('spiffe://cluster.local/ns/shop/sa/checkout'), list, 'CALLER_NOT_ALLOWED'],
  ['a name that only begins like it', withCertificate(`${inSystem}/signetd2`), list, 'CALLER_NOT_ALLOWED'],
  ['another namespace', withCertificate('spiffe://cluster.local/ns/shop/sa/signetd'), list, 'CALLER_NOT_ALLOWED'],
  ['another trust domain', withCertificate('spiffe://other/ns/signet-system/sa/signetd'), list, 'CERTIFICATE_REJECTED'],
  [
    'another trust domain reports',
    withCertificate('spiffe://other/ns/shop/sa/checkout'),
    report,
    'CERTIFICATE_REJECTED',
  ],
  ['no name', withCertificate(undefined), list, 'CERTIFICATE_REJECTED'],
  ['nothing', { peer: undefined, bearerToken: undefined }, list, 'CREDENTIAL_MISSING'],
  ['control plane by token', withToken('signet-system/signetd'), list, 'CALLER_NOT_ALLOWED'],
  ['operator reports', withToken('signet-system/signet-operator'), report, 'CALLER_NOT_ALLOWED'],
  ['bad token', withToken('bad'), list, 'TOKEN_EXPIRED'],
])('%s', async (_, caller, method, reason) => {
  const verdict = createAuthorise(config, verifier)(caller, method);
  if (reason === undefined) await verdict;
  else await expect(verdict).rejects.toMatchObject({ reason });
});

test('a certificate that is not allowed is not made good by a token', async () => {
  const caller = {
    ...withCertificate('spiffe://cluster.local/ns/shop/sa/checkout'),
    bearerToken: 'signet-system/signet-operator',
  };
  await expect(createAuthorise(config, verifier)(caller, list)).rejects.toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
});
