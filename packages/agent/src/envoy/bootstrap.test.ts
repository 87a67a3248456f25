// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { agentConfigShape } from '../config.ts';
import { buildBootstrap, formatNodeId } from './bootstrap.ts';
import { buildEnvoyArguments } from './command-line.ts';
import { sumActive } from './admin.ts';
import { restartDelayMs } from './restart-delay.ts';

const raw = {
  pod: {
    namespace: 'shop',
    name: 'checkout-1',
    uid: 'u-1',
    ip: '10.0.0.9',
    node: 'node-a',
    serviceAccount: 'checkout',
  },
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

test('the node id has the form that config checks against the certificate', () => {
  expect(formatNodeId(agentConfigShape.parse(raw))).toBe('sidecar~10.0.0.9~checkout-1.shop~shop.svc.cluster.local');
});

describe('buildBootstrap', () => {
  test('without a mark no socket option is set', () => {
    expect(JSON.stringify(buildBootstrap(agentConfigShape.parse(raw)))).not.toContain('socket_options');
  });

  test('with a mark the socket to config carries it, and the node tells config', () => {
    const bootstrap = buildBootstrap(agentConfigShape.parse({ ...raw, envoy: { binary: '/envoy', proxyMark: 1337 } }));
    expect(bootstrap).toMatchObject({
      node: { metadata: { PROXY_MARK: 1337 } },
      static_resources: {
        clusters: [
          {
            name: 'signet-config',
            upstream_bind_config: { socket_options: [{ level: 1, name: 36, int_value: 1337 }] },
          },
          { name: 'signet-agent' },
        ],
      },
    });
  });

  test('an address by name is resolved, an IPv6 address is not split in two', () => {
    const named = buildBootstrap(
      agentConfigShape.parse({ ...raw, configAddress: 'signet-config.signet-system.svc:15016' }),
    );
    expect(named).toMatchObject({ static_resources: { clusters: [{ type: 'STRICT_DNS' }, {}] } });
    const v6 = JSON.stringify(buildBootstrap(agentConfigShape.parse({ ...raw, configAddress: '[fd00::1]:15016' })));
    expect(v6).toContain('{"address":"fd00::1","port_value":15016}');
  });
});

test('a key that the configuration does not know is refused', () => {
  expect(agentConfigShape.safeParse({ ...raw, tokenfile: 'x' }).success).toBe(false);
});

test('the command line says where logs go only when they go to a file', () => {
  expect(buildEnvoyArguments(agentConfigShape.parse(raw), '/b.json')).not.toContain('--log-path');
  const logged = agentConfigShape.parse({ ...raw, envoy: { binary: '/envoy', logPath: '/log' } });
  expect(buildEnvoyArguments(logged, '/b.json')).toContain('--log-path');
});

test('connections of workers are counted once, those of the admin endpoint never', () => {
  const stats = [
    'listener.0.0.0.0_15006.downstream_cx_active: 3',
    'listener.0.0.0.0_15006.worker_0.downstream_cx_active: 3',
    'listener.admin.downstream_cx_active: 1',
    'listener.admin.main_thread.downstream_cx_active: 1',
    'listener.10.0.0.1_80.downstream_cx_active: 2',
  ].join('\n');
  expect(sumActive(stats)).toBe(5);
});

test('short lives of Envoy are spaced out, a long one starts afresh', () => {
  let quickExits = 0;
  const delays = Array.from({ length: 9 }, () => {
    const next = restartDelayMs({ aliveMs: 50, quickExits });
    quickExits = next.quickExits;
    return next.delayMs;
  });
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  expect(restartDelayMs({ aliveMs: 60_000, quickExits })).toEqual({ delayMs: 100, quickExits: 0 });
});
