// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readContext, startPlayground, type Playground } from '../src/playground.ts';
import { callFrom, findPod, runInPod, type WorkloadRow } from '../src/pods.ts';

let mesh: Playground;
let outsider: WorkloadRow;
beforeAll(async () => {
  mesh = await startPlayground();
  outsider = await findPod(mesh, 'outside', 'outsider');
}, 240_000);
afterAll(async () => mesh?.stop(), 60_000);

/** Ports on which something in the pod listens on an address that others reach. */
async function listeningPorts(pod: WorkloadRow): Promise<readonly number[]> {
  const program = `
    import { readFileSync } from 'node:fs';
    const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => { try { return readFileSync(file, 'utf8').split('\\n').slice(1); } catch { return []; } });
    const open = lines.map((line) => line.trim().split(/\\s+/)).filter((fields) => fields[3] === '0A').map((fields) => fields[1]);
    process.stdout.write(JSON.stringify(open));`;
  const result = await runInPod(mesh, pod, program);
  const addresses = JSON.parse(result.stdout) as string[];
  const ports = addresses
    .filter((address) => !address.startsWith('0100007F'))
    .map((address) => Number.parseInt(address.split(':')[1] ?? '', 16));
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

/** Speaks plaintext HTTP, one-way TLS with mesh ALPN and raw bytes to a socket, and returns everything that came back. */
async function probe(address: string, port: number): Promise<string> {
  const program = `
    import net from 'node:net'; import tls from 'node:tls';
    const request = 'GET /products HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n';
    const talk = (open) => new Promise((resolve) => {
      let got = ''; const socket = open(); const end = () => { socket.destroy(); resolve(got); };
      socket.on('data', (data) => (got += data.toString('latin1'))).on('error', end).on('close', end);
      setTimeout(end, 2500);
    });
    const target = { host: ${JSON.stringify(address)}, port: ${port} };
    const out = await Promise.all([
      talk(() => { const s = net.connect(target, () => s.write(request)); return s; }),
      talk(() => { const s = net.connect(target, () => s.write('hello\\n')); return s; }),
      talk(() => { const s = net.connect(target); return s; }),
      talk(() => { const s = tls.connect({ ...target, rejectUnauthorized: false }, () => s.write(request)); return s; }),
      talk(() => { const s = tls.connect({ ...target, rejectUnauthorized: false, ALPNProtocols: ['istio-http/1.1', 'istio', 'http/1.1'] }, () => s.write(request)); return s; }),
    ]);
    process.stdout.write(out.join('\\n--\\n'));`;
  const result = await runInPod(mesh, outsider, program);
  expect(result.code).toBe(0);
  return result.stdout;
}

describe('a client outside the mesh', () => {
  test('gets no application byte from any socket of a STRICT pod', async () => {
    for (const workload of ['catalog', 'orders']) {
      const pod = await findPod(mesh, 'shop', workload);
      const ports = await listeningPorts(pod);
      expect(ports).toEqual(expect.arrayContaining([workload === 'orders' ? 5432 : 8080, 15006]));
      for (const port of ports) expect(await probe(pod.ips[0] ?? '', port)).not.toContain(pod.name);
    }
  }, 120_000);

  test('control: the same probe reads the answer of a PERMISSIVE pod', async () => {
    const pod = await findPod(mesh, 'shop', 'frontend');
    expect(await probe(pod.ips[0] ?? '', 8080)).toContain(pod.name);
  }, 30_000);

  test('gets 200 from a PERMISSIVE Service in plaintext', async () => {
    const [call] = await callFrom(mesh, outsider, ['http://frontend.shop:8080/']);
    expect(call?.status).toBe(200);
  }, 30_000);

  test('gets 200 over one-way TLS with the name verified, and is refused in plaintext, where SIMPLE_TLS is the rule', async () => {
    const post = ['--method', 'POST', '--ca', readContext(mesh).rootsFile];
    const [secure] = await callFrom(mesh, outsider, [...post, 'https://webhooks.shop:8080/paid']);
    expect(secure).toMatchObject({ outcome: 'ok', status: 200 });
    const [wrongName] = await callFrom(mesh, outsider, [
      ...post,
      `https://${(await findPod(mesh, 'shop', 'webhooks')).ips[0]}:8080/paid`,
    ]);
    expect(wrongName?.outcome).not.toBe('ok');
    const [plain] = await callFrom(mesh, outsider, ['--method', 'POST', 'http://webhooks.shop:8080/paid']);
    expect(plain).toMatchObject({ outcome: 'refused', bytes: 0 });
  }, 60_000);
});
