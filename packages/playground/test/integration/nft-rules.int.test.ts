// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { serviceRules } from '../../src/cluster/service-rules.ts';
import { captureRules } from '../../src/kubelet/capture-rules.ts';
import { podCaptureRules } from '../../src/kubelet/pod-capture.ts';

/** Loads rules into a network namespace of their own and returns what nft complains about. */
function complaintsOf(rules: string): string {
  const result = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'nft', '-f', '-'], {
    input: rules,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  return result.status === 0 ? '' : result.stderr || String(result.error);
}

describe('nft accepts', () => {
  test('the capture of the playground', () => {
    expect(complaintsOf(podCaptureRules())).toBe('');
  });

  test('the capture of a cluster', () => {
    const rules = captureRules({
      exemption: { kind: 'user', uid: 1337 },
      inboundPort: 15_006,
      outboundPort: 15_001,
      exemptInboundPorts: [15_021],
      proxyLoopback: '127.0.0.6',
      controlPlane: { address: '10.0.0.1', ports: [15_012] },
    });
    expect(complaintsOf(rules)).toBe('');
  });

  test('Service addresses, with none, one and several backends, loaded twice', () => {
    const backends = [
      { address: '10.244.1.2', port: 8080 },
      { address: '10.244.2.2', port: 8081 },
    ];
    const rules = serviceRules([
      { address: '10.96.0.1', port: 80, backends },
      { address: '10.96.0.2', port: 80, backends: backends.slice(0, 1) },
      { address: '10.96.0.3', port: 80, backends: [] },
    ]);
    expect(complaintsOf(`${rules}\n${rules}`)).toBe('');
    expect(complaintsOf(serviceRules([]))).toBe('');
  });
});
