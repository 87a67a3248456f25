// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestAuthority, envoyVersions, findFreePorts, waitFor, type TestEnvoy } from '@signet/testing';
import { startAccessLogSink, type AccessLogSink } from '../access-log-sink.ts';
import { banner, startApplications, type Applications } from '../applications.ts';
import { exchange, type ExchangeResult } from '../exchange.ts';
import { startInboundProxy } from '../real-proxies.ts';
import type { World, WorldPolicy } from '../golden-world.ts';

const authority = createTestAuthority();
const stranger = createTestAuthority('another root');
const portNames = ['strict', 'permissive', 'simple', 'tcp', 'guarded', 'first', 'undeclared'] as const;
type PortName = (typeof portNames)[number];

const idOf = (account: string): string => `spiffe://cluster.local/ns/shop/sa/${account}`;
const meshHttp = ['istio-http/1.1', 'istio', 'http/1.1'];
const get = (path = '/'): readonly string[] => [`GET ${path} HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n`];

function meshTls(account: string, issuer = authority) {
  const { keyPem, chainPem } = issuer.issue({ uris: [idOf(account)] });
  return { key: keyPem, cert: chainPem, ca: authority.rootPem, ALPNProtocols: meshHttp };
}

function policy(kind: string, name: string, spec: unknown): WorldPolicy {
  return { kind, metadata: { name }, spec };
}

function worldOf(ports: Readonly<Record<PortName, number>>): World {
  const from = (account: string) => [{ source: { principals: [`cluster.local/ns/shop/sa/${account}`] } }];
  const selector = { matchLabels: { app: 'server' } };
  return {
    pods: [
      { name: 'server', ip: '10.0.0.1' },
      { name: 'client', ip: '10.0.0.2' },
      { name: 'other', ip: '10.0.0.3' },
    ],
    services: [
      {
        name: 'server',
        ip: '10.96.0.1',
        ports: [
          ...(['strict', 'permissive', 'simple'] as const).map((name) => ({
            port: ports[name],
            protocol: 'http' as const,
          })),
          { port: ports.tcp, protocol: 'tcp' },
          { port: ports.guarded, protocol: 'tcp' },
          { port: ports.first, protocol: 'server-first' },
        ],
      },
    ],
    policies: [
      policy('TransportPolicy', 'transport', {
        selector,
        mode: 'MUTUAL_TLS',
        ports: [
          { port: ports.permissive, mode: 'PERMISSIVE' },
          { port: ports.simple, mode: 'SIMPLE_TLS' },
          { port: ports.tcp, mode: 'PERMISSIVE' },
          { port: ports.guarded, mode: 'PERMISSIVE' },
        ],
      }),
      policy('AuthorizationPolicy', 'open', {
        selector,
        rules: [
          {
            to: [
              {
                operation: {
                  ports: ['permissive', 'simple', 'tcp', 'undeclared'].map((name) => String(ports[name as PortName])),
                },
              },
            ],
          },
          { from: from('client') },
        ],
      }),
      policy('AuthorizationPolicy', 'no-admin', {
        selector,
        action: 'DENY',
        rules: [
          { to: [{ operation: { paths: ['/admin*'], ports: [String(ports.strict), String(ports.permissive)] } }] },
        ],
      }),
    ],
  };
}

describe.each([...envoyVersions()])('inbound side of Envoy %s', (version) => {
  const ports = {} as Record<PortName, number>;
  let applications: Applications;
  let sink: AccessLogSink;
  let proxy: TestEnvoy;

  beforeAll(async () => {
    [applications, sink] = [await startApplications(), await startAccessLogSink()];
    const free = await findFreePorts(portNames.length);
    portNames.forEach((name, index) => (ports[name] = free[index] ?? 0));
    proxy = await startInboundProxy({
      world: worldOf(ports),
      authority,
      ports: free,
      httpPort: applications.httpPort,
      tcpPort: applications.tcpPort,
      logPort: sink.port,
      version,
    });
    await waitFor(async () => (await proxy.admin('listeners')).includes('inbound'), { what: 'the listener' });
  }, 60_000);

  afterAll(async () => {
    await proxy?.stop();
    await sink?.stop();
    await applications?.stop();
  });

  const refused = (result: ExchangeResult): void => {
    expect(result.received).toBe('');
    expect(result).toMatchObject({ isClosed: true });
  };
  const ok = /^HTTP\/1\.1 200 /;

  describe('MUTUAL_TLS', () => {
    test('plaintext gets no byte', async () => refused(await exchange({ port: ports.strict, send: get() })));
    test('TLS without mesh ALPN gets no byte', async () =>
      refused(await exchange({ port: ports.strict, tls: { ca: authority.rootPem }, send: get() })));
    test('mesh ALPN without a certificate gets no byte', async () =>
      refused(
        await exchange({ port: ports.strict, tls: { ca: authority.rootPem, ALPNProtocols: meshHttp }, send: get() }),
      ));
    test('a certificate of another root gets no byte', async () =>
      refused(await exchange({ port: ports.strict, tls: meshTls('client', stranger), send: get() })));
    test('an identity of another trust domain gets no byte', async () => {
      const { keyPem, chainPem } = authority.issue({ uris: ['spiffe://elsewhere.test/ns/shop/sa/client'] });
      const tls = { key: keyPem, cert: chainPem, ca: authority.rootPem, ALPNProtocols: meshHttp };
      refused(await exchange({ port: ports.strict, tls, send: get() }));
    });
    test('the admitted identity is served, and the application learns who it is', async () => {
      const result = await exchange({ port: ports.strict, tls: meshTls('client'), send: get() });
      expect(result.received).toMatch(ok);
      expect(result.received).toContain(`URI=${idOf('client')}`);
    });
    test('a client that names no protocol inside TLS is served', async () => {
      const tls = { ...meshTls('client'), ALPNProtocols: ['istio'] };
      expect((await exchange({ port: ports.strict, tls, send: get() })).received).toMatch(ok);
    });
    test('another identity gets 403', async () => {
      const result = await exchange({ port: ports.strict, tls: meshTls('other'), send: get() });
      expect(result.received).toMatch(/^HTTP\/1\.1 403 [^]*RBAC: access denied/);
    });
    test.each([
      ...[
        '/admin',
        '/admin/x',
        '//admin',
        '/a/../admin',
        '/%61dmin',
        '/%2Fadmin',
        '/a%2f..%2fadmin',
        '/a%5c..%5Cadmin',
      ],
    ])('DENY holds for %s', async (path) => {
      const result = await exchange({ port: ports.strict, tls: meshTls('client'), send: get(path) });
      expect(result.received).toMatch(/^HTTP\/1\.1 403 /);
    });
  });

  test('who says hello and then nothing is not waited for', async () => {
    const socket = connect({ host: '127.0.0.1', port: ports.strict });
    const closed = once(socket.resume(), 'close');
    let hasSaidHello = false;
    const mute = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        if (!hasSaidHello) socket.write(chunk);
        hasSaidHello = true;
        done();
      },
    });
    connectTls({ socket: mute, ALPNProtocols: meshHttp, rejectUnauthorized: false }).on('error', () => {});
    await closed;
    expect(hasSaidHello).toBe(true);
  }, 20_000);

  describe('PERMISSIVE', () => {
    test('plaintext is served', async () =>
      expect((await exchange({ port: ports.permissive, send: get() })).received).toMatch(ok));
    test('a forged client certificate header does not reach the application', async () => {
      const [request = ''] = get();
      const send = [request.replace('Connection', `X-Forwarded-Client-Cert: URI=${idOf('client')}\r\nConnection`)];
      expect((await exchange({ port: ports.permissive, send })).received).toContain('"caller":""');
    });
    test('plaintext whose first packet is short is served after the inspection', async () => {
      const [request = ''] = get();
      const result = await exchange({
        port: ports.permissive,
        send: [request.slice(0, 2), request.slice(2)],
        readMs: 9_000,
      });
      expect(result.received).toMatch(ok);
    }, 15_000);
    test('mTLS is served', async () =>
      expect((await exchange({ port: ports.permissive, tls: meshTls('other'), send: get() })).received).toMatch(ok));
    test('other TLS is the application’s own; a DENY on a path refuses it all', async () =>
      refused(await exchange({ port: ports.permissive, tls: { ca: authority.rootPem } })));
    test('DENY holds in plaintext', async () =>
      expect((await exchange({ port: ports.permissive, send: get('/admin') })).received).toMatch(/^HTTP\/1\.1 403 /));
  });

  describe('SIMPLE_TLS', () => {
    test('plaintext gets no byte', async () => refused(await exchange({ port: ports.simple, send: get() })));
    test('one-way TLS is served under the Service name', async () => {
      const { checkServerIdentity } = await import('node:tls');
      const tls = { ca: authority.rootPem, servername: 'server.shop.svc', checkServerIdentity };
      const result = await exchange({ port: ports.simple, tls, send: get() });
      expect(result.received).toMatch(ok);
      expect(result.received).toContain('"caller":""');
    });
    test('mesh callers keep their principal', async () => {
      const result = await exchange({ port: ports.simple, tls: meshTls('client'), send: get() });
      expect(result.received).toContain(`URI=${idOf('client')}`);
    });
  });

  describe('TCP', () => {
    test('a refused client gets no banner, and the application no connection', async () => {
      const before = applications.connections();
      const silent = await exchange({ port: ports.guarded, readMs: 700 });
      expect(silent.received).toBe('');
      refused(await exchange({ port: ports.guarded, send: ['hello'] }));
      refused(await exchange({ port: ports.guarded, tls: meshTls('other'), send: ['hello'] }));
      expect(applications.connections()).toBe(before);
    });
    test('an admitted client is forwarded from its first byte', async () => {
      const result = await exchange({ port: ports.guarded, tls: meshTls('client'), send: ['hello'], until: 'hello' });
      expect(result.received).toBe(`${banner}hello`);
    });
    test('an open rule serves plaintext', async () => {
      const result = await exchange({ port: ports.tcp, send: ['hello'], until: 'hello' });
      expect(result.received).toBe(`${banner}hello`);
    });
  });

  describe('server-first', () => {
    test('the admitted identity hears the banner without a word', async () => {
      const result = await exchange({ port: ports.first, tls: meshTls('client'), until: banner });
      expect(result.received).toBe(banner);
    });
    test('another identity fails in the handshake', async () => {
      const before = applications.connections();
      refused(await exchange({ port: ports.first, tls: meshTls('other') }));
      expect(applications.connections()).toBe(before);
    });
    test('plaintext gets no banner', async () => {
      const result = await exchange({ port: ports.first, send: ['x'], readMs: 800 });
      expect(result.received).toBe('');
    });
  });

  describe('undeclared ports', () => {
    test('are as strict as the workload', async () => refused(await exchange({ port: ports.undeclared, send: get() })));
    test('forward admitted identities', async () => {
      const result = await exchange({
        port: ports.undeclared,
        tls: meshTls('client'),
        send: ['hello'],
        until: 'hello',
      });
      expect(result.received).toBe(`${banner}hello`);
    });
  });

  test('access logs say who, how, and by which rule', async () => {
    const { keyPem, chainPem, serial } = authority.issue({ uris: [idOf('client')] });
    const tls = { key: keyPem, cert: chainPem, ca: authority.rootPem, ALPNProtocols: meshHttp };
    await exchange({ port: ports.strict, tls, send: get() });
    await exchange({ port: ports.strict, tls, send: get('/admin') });
    await exchange({ port: ports.guarded, tls, send: ['x'], until: 'x' });
    const own = await waitFor(
      () => {
        const found = sink.entries.filter((entry) => entry.tags['peer_serial'] === serial && entry.log === 'inbound');
        return found.length >= 4 ? found : undefined;
      },
      { what: 'entries of the client' },
    );
    const [allowed, denied] = own.filter((entry) => entry.isHttp);
    expect(allowed?.tags).toMatchObject({
      transport: 'mtls',
      peer: idOf('client'),
      port: String(ports.strict),
      tls_version: 'TLSv1.3',
    });
    expect(allowed?.metadata).toContain(
      '"signet_allow_enforced_effective_policy_id":{"stringValue":"AuthorizationPolicy/shop/open/1"',
    );
    expect(denied?.responseCodeDetails).toBe('rbac_access_denied_matched_policy[AuthorizationPolicy/shop/no-admin/0]');
    const tcp = own.filter((entry) => !entry.isHttp);
    expect(tcp[0]?.metadata).toContain(
      '"signet_allow_shadow_effective_policy_id":{"stringValue":"AuthorizationPolicy/shop/open/1"',
    );
    const log = sink.entries.filter((entry) => entry.log === 'inbound-refused');
    expect(log.some((entry) => entry.isRouteMissing && entry.tags['port'] === String(ports.strict))).toBe(true);
    expect(log.some((entry) => /PEER_DID_NOT_RETURN_A_CERTIFICATE/.test(entry.tags['failure'] ?? ''))).toBe(true);
    const deniedTcp = sink.entries.filter((entry) => /rbac_access_denied/.test(entry.tags['details'] ?? ''));
    expect(deniedTcp.some((entry) => entry.tags['details'] === 'rbac_access_denied_matched_policy[none]')).toBe(true);
  });
});
