// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { envoyVersions, waitFor } from '@signet/testing';
import { createAgentBench, isRunning, podId, type AgentBench } from '../agent-bench.ts';

jest.setTimeout(60_000);
let bench: AgentBench;

beforeEach(async () => {
  bench = await createAgentBench();
});
afterEach(async () => {
  await bench.stop();
});

test('Envoy comes up with the certificate from the agent, and config sees exactly that one', async () => {
  bench.startAgent();
  await bench.waitUntilReady();
  const [first] = bench.records();
  expect(bench.streams).toEqual([
    { serial: first?.serial, spiffeId: podId, nodeId: 'sidecar~127.0.0.1~checkout-1.shop~shop.svc.cluster.local' },
  ]);
  expect(statSync(bench.socketPath).mode & 0o777).toBe(0o600);
  expect(readdirSync(bench.directory).toSorted()).toEqual([
    'agent.yaml',
    'envoy-bootstrap.json',
    'envoy.pid',
    'issued.jsonl',
    'roots.pem',
    'socket',
    'token',
  ]);
});

test('SIGTERM ends Envoy, then the agent, and leaves no socket', async () => {
  const agent = bench.startAgent();
  await bench.waitUntilReady();
  const pid = bench.envoyPid() ?? 0;
  agent.signal('SIGTERM');
  await agent.exited;
  expect(agent.exit()).toEqual({ code: 0, signal: null });
  expect(isRunning(pid)).toBe(false);
  expect(existsSync(bench.socketPath)).toBe(false);
});

test('a killed agent takes Envoy with it, and the next one starts clean', async () => {
  const agent = bench.startAgent();
  await bench.waitUntilReady();
  const pid = bench.envoyPid() ?? 0;
  agent.signal('SIGKILL');
  await agent.exited;
  await waitFor(() => !isRunning(pid), { what: 'Envoy to end with its agent' });
  bench.startAgent();
  await bench.waitUntilReady();
  expect(bench.envoyPid()).not.toBe(pid);
});

test('an Envoy that ends is started again', async () => {
  bench.startAgent();
  await bench.waitUntilReady();
  const pid = bench.envoyPid() ?? 0;
  process.kill(pid, 'SIGKILL');
  await waitFor(() => (bench.envoyPid() ?? pid) !== pid);
  await bench.waitUntilReady();
});

test('Envoy keeps serving while the control plane is away, and is back on its stream soon after its return', async () => {
  bench.startAgent();
  await bench.waitUntilReady();
  const pid = bench.envoyPid();
  await bench.stopControlPlane();
  await waitFor(async () => {
    const cluster = await (
      await fetch(`http://127.0.0.1:${bench.adminPort}/stats?filter=control_plane.connected_state`)
    ).text();
    return cluster.includes('control_plane.connected_state: 0');
  });
  expect(await bench.status('/healthz/ready')).toBe(200);
  const before = bench.streams.length;
  await bench.startControlPlane();
  await waitFor(() => bench.streams.length > before, { timeoutMs: 4_000, what: 'a new ADS stream' });
  expect(bench.envoyPid()).toBe(pid);
});

test('a renewed certificate reaches Envoy', async () => {
  bench.controlPlane().behaviour.lifetimeMs = 4_000;
  bench.startAgent();
  await bench.waitUntilReady();
  const [, second] = await waitFor(() => (bench.records().length >= 2 ? bench.records() : undefined));
  expect(second?.serial).not.toBe(bench.records()[0]?.serial);
  await waitFor(async () => {
    const certificates = await (await fetch(`http://127.0.0.1:${bench.adminPort}/certs`)).text();
    return certificates.includes(second?.serial ?? 'none');
  });
});

test('is not ready, and starts no Envoy, before there is a certificate', async () => {
  await bench.stopControlPlane();
  bench.startAgent();
  await waitFor(async () => (await bench.status('/healthz/live')) === 200);
  expect(await bench.status('/healthz/ready')).toBe(503);
  expect(bench.envoyPid()).toBeUndefined();
  await bench.startControlPlane();
  await bench.waitUntilReady();
});

describe('each supported Envoy', () => {
  test.each(envoyVersions())('%s starts from our bootstrap', async (envoyVersion) => {
    const other = await createAgentBench({ envoyVersion });
    try {
      other.startAgent();
      await other.waitUntilReady();
    } finally {
      await other.stop();
    }
  });
});
