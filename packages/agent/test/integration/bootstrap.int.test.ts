// SPDX-License-Identifier: Apache-2.0
import { expect, jest, test } from '@jest/globals';
import { agentConfigShape } from '@signet/agent';
import { envoyVersions, validateEnvoyConfigs } from '@signet/testing';
import { buildBootstrap } from '../../src/envoy/bootstrap.ts';

jest.setTimeout(60_000);

const raw = {
  pod: { namespace: 'shop', name: 'checkout-1', uid: 'u-1', ip: '10.0.0.9', serviceAccount: 'checkout' },
  caAddress: '10.0.0.1:15012',
  caMtlsAddress: '10.0.0.1:15011',
  configAddress: '10.0.0.1:15016',
  discoveryAddress: '10.0.0.1:15022',
  controlPlaneIds: ['spiffe://cluster.local/ns/signet-system/sa/signetd'],
  tokenFile: '/token',
  trustBundleFile: '/roots.pem',
  socketPath: '/run/agent/socket',
  envoy: { binary: '/envoy' },
};

const variants: Readonly<Record<string, object>> = {
  plain: {},
  marked: { envoy: { ...raw.envoy, proxyMark: 1337 } },
  named: { configAddress: 'signet-config.signet-system.svc.cluster.local:15016' },
  'IPv6 and marked': { configAddress: '[fd00::1]:15016', envoy: { ...raw.envoy, proxyMark: 1337 } },
  'two control planes': {
    controlPlaneIds: [...raw.controlPlaneIds, 'spiffe://cluster.local/ns/signet-system/sa/config'],
  },
};

test.each(envoyVersions())('Envoy %s accepts every form of the bootstrap', async (version) => {
  const bootstraps = new Map(
    Object.entries(variants).map(([name, part]) => [
      name,
      buildBootstrap(agentConfigShape.parse({ ...raw, ...part })) as object,
    ]),
  );
  const verdicts = await validateEnvoyConfigs(bootstraps, version);
  expect([...verdicts].filter(([, verdict]) => !verdict.isValid || verdict.output.includes('[warning]'))).toEqual([]);
  expect(verdicts.size).toBe(5);
});
