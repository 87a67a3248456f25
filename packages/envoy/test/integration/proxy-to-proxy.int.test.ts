// SPDX-License-Identifier: Apache-2.0
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestAuthority, envoyVersions, findFreePorts, waitFor, type TestEnvoy } from '@signet/testing';
import { startAccessLogSink, type AccessLogSink } from '../access-log-sink.ts';
import { banner, startApplications, type Applications } from '../applications.ts';
import { exchange } from '../exchange.ts';
import { startInboundProxy, startOutboundProxy } from '../real-proxies.ts';
import type { World } from '../golden-world.ts';

const authority = createTestAuthority();
const names = ['http', 'grpc', 'tcp', 'first', 'imposterPort'] as const;
type Ports = Readonly<Record<(typeof names)[number], number>>;
const serverId = 'spiffe://cluster.local/ns/shop/sa/server';
const clientId = 'spiffe://cluster.local/ns/shop/sa/client';
const get = ['GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n'];

/** Service ports and application ports are both on loopback, since nothing is captured here. */
function worldOf(ports: {
  readonly dialled: Ports;
  readonly served: Ports;
  readonly outsiderPort: number;
  readonly outsider: number;
}): World {
  const { dialled, served, outsiderPort, outsider } = ports;
  return {
    pods: [
      { name: 'server', ip: '127.0.0.1' },
      { name: 'client', ip: '127.0.0.2' },
      { name: 'outsider', ip: '127.0.0.1', enrolled: false },
    ],
    services: [
      {
        name: 'server',
        ip: '127.0.0.1',
        ports: [
          { port: dialled.http, target: served.http, protocol: 'http' },
          { port: dialled.grpc, target: served.grpc, protocol: 'grpc' },
          { port: dialled.tcp, target: served.tcp, protocol: 'tcp' },
          { port: dialled.first, target: served.first, protocol: 'server-first' },
          { port: dialled.imposterPort, target: served.imposterPort, protocol: 'http' },
        ],
      },
      { name: 'outsider', ip: '127.0.0.1', ports: [{ port: outsiderPort, target: outsider, protocol: 'http' }] },
    ],
    policies: [{ kind: 'PeerAuthentication', metadata: { name: 'strict' }, spec: { mtls: { mode: 'STRICT' } } }],
  };
}

function portsFrom(list: readonly number[]): Ports {
  return Object.fromEntries(names.map((name, index) => [name, list[index] ?? 0])) as Ports;
}

/** One HTTP/2 request in plaintext; gives the protocol that the application saw. */
function http2Get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', reject);
    const request = session.request({ ':path': '/' });
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('error', reject);
    request.on('end', () => {
      session.close();
      resolve(text);
    });
    request.end();
  });
}

describe.each([...envoyVersions()])('client and server proxies of Envoy %s', (version) => {
  let applications: Applications;
  let sink: AccessLogSink;
  let dialled: Ports;
  let outsiderPort = 0;
  const proxies: TestEnvoy[] = [];
  const h2 = createHttp2Server((request, response) => response.end(`HTTP/${request.httpVersion}`));

  beforeAll(async () => {
    [applications, sink] = [await startApplications(), await startAccessLogSink()];
    await new Promise<void>((resolve) => h2.listen(0, '127.0.0.1', resolve));
    const free = await findFreePorts(names.length * 2 + 1);
    dialled = portsFrom(free.slice(0, names.length));
    const served = portsFrom(free.slice(names.length));
    outsiderPort = free.at(-1) ?? 0;
    const world = worldOf({ dialled, served, outsiderPort, outsider: applications.httpPort });
    const common = {
      world,
      authority,
      httpPort: applications.httpPort,
      tcpPort: applications.tcpPort,
      logPort: sink.port,
      version,
    };
    const own = [served.http, served.tcp, served.first];
    proxies.push(
      await startInboundProxy({ ...common, ports: own }),
      await startInboundProxy({ ...common, ports: [served.grpc], httpPort: (h2.address() as AddressInfo).port }),
      await startInboundProxy({ ...common, ports: [served.imposterPort], account: 'imposter' }),
      await startOutboundProxy({ world, authority, logPort: sink.port, version }),
    );
    await waitFor(async () => (await proxies[3]?.admin('listeners'))?.includes('outbound|'), { what: 'listeners' });
  }, 60_000);

  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop();
    await sink?.stop();
    await applications?.stop();
    await new Promise((resolve) => h2.close(resolve));
  });

  test('HTTP goes over mTLS with both identities', async () => {
    const { received } = await exchange({ port: dialled.http, send: get });
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).toContain(`URI=${clientId}`);
  });
  test('gRPC’s HTTP/2 goes through as HTTP/2', async () => {
    expect(await http2Get(dialled.grpc)).toBe('HTTP/2.0');
  });
  test('TCP is forwarded', async () => {
    const { received } = await exchange({ port: dialled.tcp, send: ['hello'], until: 'hello' });
    expect(received).toBe(`${banner}hello`);
  });
  test('a server-first application speaks first', async () => {
    expect((await exchange({ port: dialled.first, until: banner })).received).toBe(banner);
  });
  test('a server of another identity gets no request', async () => {
    const { received } = await exchange({ port: dialled.imposterPort, send: get });
    expect(received).toMatch(/^HTTP\/1\.1 503 /);
    expect(await proxies[3]?.admin('stats?filter=fail_verify_san')).toMatch(/imposter|fail_verify_san: [1-9]/);
  });
  test('an endpoint outside the mesh is called in plaintext', async () => {
    const { received } = await exchange({ port: outsiderPort, send: get });
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).toContain('"caller":""');
  });
  test('the client’s log names the server, or why it was refused', async () => {
    const port = String(dialled.http);
    await exchange({ port: dialled.http, send: get });
    const ours = await waitFor(
      () => sink.entries.find((entry) => entry.log === 'outbound' && entry.tags['port'] === port),
      { what: 'an entry' },
    );
    expect(ours.tags).toMatchObject({
      peer: serverId,
      local: clientId,
      tls_version: 'TLSv1.3',
      target: `outbound|${port}||server.shop.svc.cluster.local`,
    });
    const refused = await waitFor(
      () =>
        sink.entries.find((entry) => entry.tags['port'] === String(dialled.imposterPort) && entry.log === 'outbound'),
      { what: 'an entry' },
    );
    expect(refused.tags['failure']).toMatch(/verify.*SAN|CERTIFICATE_VERIFY_FAILED/i);
  });
});
