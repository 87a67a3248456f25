// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPlayground, type Playground } from '../src/playground.ts';
import { callFrom, findPod, podName, readEnvoyAdmin, type WorkloadRow } from '../src/pods.ts';

let mesh: Playground;
beforeAll(async () => {
  mesh = await startPlayground();
}, 240_000);
afterAll(async () => mesh?.stop(), 60_000);

/** Sum of all counters of Envoy whose names match. */
async function sumOfStats(pod: WorkloadRow, filter: string): Promise<number> {
  const text = await readEnvoyAdmin(mesh, pod, `/stats?filter=${encodeURIComponent(filter)}`);
  return text
    .split('\n')
    .map((line) => Number(line.split(': ')[1] ?? 0))
    .filter(Number.isFinite)
    .reduce((sum, value) => sum + value, 0);
}

/** Serial of the key pair that Envoy says it uses, lower-case hexadecimal without leading zeros. */
async function serialsInEnvoy(pod: WorkloadRow): Promise<readonly string[]> {
  const { certificates } = JSON.parse(await readEnvoyAdmin(mesh, pod, '/certs')) as {
    certificates: { cert_chain?: { serial_number: string }[] }[];
  };
  return certificates.flatMap((entry) => entry.cert_chain ?? []).map((entry) => entry.serial_number.replace(/^0+/, ''));
}

/** Captures the bridge while the work is done and returns the bytes. */
async function captureBridge(work: () => Promise<void>): Promise<Buffer> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-capture-'));
  const file = path.join(directory, 'bridge.pcap');
  const [clusterPid] = mesh.pidsOf('cluster-main');
  // Root needs no user namespace of its own, and entering the one it is in is an error.
  const isOwnUserNamespace = readlinkSync(`/proc/${clusterPid}/ns/user`) === readlinkSync('/proc/self/ns/user');
  const capture = spawn(
    'nsenter',
    [
      ...['-t', String(clusterPid), '-n', ...(isOwnUserNamespace ? [] : ['-U', '--preserve-credentials'])],
      ...['tcpdump', '-i', 'any', '--immediate-mode', '-U', '-Z', 'root', '-w', file],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(capture, 'exit');
  try {
    // It says more than one thing before it captures.
    for await (const text of capture.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      if (String(text).includes('listening on')) break;
    }
    capture.stderr.resume();
    await work();
    await new Promise((resolve) => setTimeout(resolve, 1500));
  } finally {
    capture.kill('SIGINT');
    await exited;
  }
  const bytes = readFileSync(file);
  rmSync(directory, { recursive: true });
  return bytes;
}

describe('what others than the control plane saw of a call between enrolled pods', () => {
  test('both Envoys count handshakes, hold the ledger serials, and name each other in the access log', async () => {
    const client = await findPod(mesh, 'shop', 'checkout');
    const server = await findPod(mesh, 'shop', 'payments');
    const before = await sumOfStats(server, '^listener\\..*15006.*ssl\\.handshake$');
    const calls = await callFrom(mesh, client, ['--method', 'POST', '--count', '5', 'http://payments:8080/charge']);
    expect(calls.map((call) => call.status)).toEqual([200, 200, 200, 200, 200]);

    expect(await sumOfStats(client, '^cluster\\..*payments.*ssl\\.handshake$')).toBeGreaterThan(0);
    expect(await sumOfStats(client, '^cluster\\..*payments.*ssl\\.fail_verify_san$')).toBe(0);
    expect(await sumOfStats(server, '^listener\\..*15006.*ssl\\.handshake$')).toBeGreaterThanOrEqual(before);
    expect(await sumOfStats(server, '^listener\\..*15006.*ssl\\.no_certificate$')).toBe(0);

    const clientSerial = client.certificate?.serial.replace(/^0+/, '');
    const serverSerial = server.certificate?.serial.replace(/^0+/, '');
    expect(await serialsInEnvoy(client)).toContain(clientSerial);
    expect(await serialsInEnvoy(server)).toContain(serverSerial);

    const { edges } = await mesh.signetJson<{
      edges: { sourceSerial: string; destinationPod: string; sourcePod: string }[];
    }>(['edges']);
    const edge = edges.find(
      (row) => row.sourceSerial.replace(/^0+/, '') === clientSerial && row.destinationPod.endsWith(server.name),
    );
    expect(edge?.sourcePod).toContain(client.name);
  }, 120_000);

  test('a capture of the network holds no byte of the application', async () => {
    const client = await findPod(mesh, 'shop', 'checkout');
    const marker = 'marker-on-the-wire';
    const bytes = await captureBridge(async () => {
      const calls = await callFrom(mesh, client, [
        '--count',
        '10',
        `http://cart:8080/cart/${marker}`,
        'tcp://orders:5432',
      ]);
      expect(calls.filter((call) => call.outcome === 'ok')).toHaveLength(20);
      expect(calls[0]?.message).toContain(marker);
    });
    expect(bytes.length).toBeGreaterThan(10_000);
    expect(bytes.includes(marker)).toBe(false);
  }, 120_000);

  test('control: the same capture sees the bytes of a plaintext call', async () => {
    const outsider = await findPod(mesh, 'outside', 'outsider');
    const marker = 'marker-in-the-clear';
    const bytes = await captureBridge(async () => {
      const calls = await callFrom(mesh, outsider, [`http://frontend.shop:8080/${marker}`]);
      expect(calls[0]?.status).toBe(200);
    });
    expect(bytes.includes(marker)).toBe(true);
    expect(podName(outsider)).toContain('outsider');
  }, 120_000);
});
