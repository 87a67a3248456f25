// SPDX-License-Identifier: Apache-2.0
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { issuanceLedger } from '@signet/proto';
import { createClient, type TlsMaterial } from '../../src/index.ts';
import { buildMaterial, issueCertificate } from '../certificates.ts';
import { clientId, createTestMesh, echoServices, startTestServer, type TestServer } from '../test-mesh.ts';

const mesh = createTestMesh();
const running: TestServer[] = [];
async function start(o: Parameters<typeof startTestServer>[1] = {}): Promise<TestServer> {
  const server = await startTestServer(mesh, o);
  running.push(server);
  return server;
}
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

function ask(server: TestServer, o: Parameters<TestServer['channel']>[0] = {}) {
  return createClient(issuanceLedger, server.channel(o)).GetIssuance({ serial: '0a' });
}

function keyPair(material: TlsMaterial): ConnectionOptions {
  return { key: material.keyPem, cert: material.certificateChainPem };
}

/** Connects without grpc-js; resolves when the server has accepted or refused the handshake. */
function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options });
    socket.once('error', reject);
    socket.once('secureConnect', () => resolve(socket));
  });
}

/** True when the server closes the connection by itself within `withinMs`. */
function isClosedWithin(socket: TLSSocket, withinMs: number): Promise<boolean> {
  socket.on('error', () => {});
  socket.resume();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

describe('who calls', () => {
  test('each call knows the certificate of its own connection', async () => {
    const server = await start();
    const names = Array.from({ length: 20 }, (_, index) => `client-${index}`);
    const clients = names.map((name) => {
      const material = mesh.client(name);
      return { name, client: createClient(issuanceLedger, server.channel({ material: () => material })) };
    });
    const calls = clients.flatMap(({ name, client }) =>
      Array.from({ length: 10 }, async () => ({ name, answer: await client.GetIssuance({}) })),
    );
    for (const { name, answer } of await Promise.all(calls)) expect(answer.spiffeId).toBe(clientId(name));
  });

  test('a token without a certificate; the token is no metadata', async () => {
    const server = await start({ clientCertificate: 'none' });
    expect(await ask(server, { token: () => 'abc' })).toMatchObject({
      spiffeId: '',
      attestation: 'abc',
      namespace: '',
    });
    expect(await ask(server)).toMatchObject({ spiffeId: '', attestation: '' });
  });

  test('`request` takes both', async () => {
    const server = await start({ clientCertificate: 'request' });
    const own = mesh.client('a');
    expect(await ask(server, { material: () => own })).toMatchObject({ spiffeId: clientId('a') });
    expect(await ask(server, { token: () => 'abc' })).toMatchObject({ spiffeId: '', attestation: 'abc' });
  });

  test.each(['request', 'require'] as const)(
    'bad certificates are refused where they are asked for (%s)',
    async (clientCertificate) => {
      const server = await start({ clientCertificate });
      const foreign = createTestMesh().client('a');
      const selfSigned = buildMaterial(
        issueCertificate({ subject: 'x', uris: [clientId('a')], isCa: false }),
        mesh.root.pem,
      );
      const expired = mesh.client('a', {
        notBefore: new Date(Date.now() - 7200_000),
        notAfter: new Date(Date.now() - 60_000),
      });
      const future = mesh.client('a', { notBefore: new Date(Date.now() + 600_000) });
      for (const material of [foreign, selfSigned, expired, future]) {
        await expect(ask(server, { material: () => material })).rejects.toMatchObject({ kind: 'unavailable' });
      }
    },
  );

  test('`require` refuses callers without a certificate', async () => {
    const server = await start();
    await expect(ask(server, { token: () => 'abc' })).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('an expired certificate is refused on a connection that stands', async () => {
    const server = await start();
    // Certificates count in whole seconds.
    const short = mesh.client('a', { notAfter: new Date((Math.floor(Date.now() / 1000) + 2) * 1000) });
    const client = createClient(issuanceLedger, server.channel({ material: () => short }));
    expect((await client.GetIssuance({})).spiffeId).toBe(clientId('a'));
    await new Promise((resolve) => setTimeout(resolve, short.notAfter.getTime() - Date.now() + 50));
    await expect(client.GetIssuance({})).rejects.toBeInstanceOf(Error);
  });
});

describe('who answers', () => {
  test('a server with another identity, or of another CA, is refused', async () => {
    const server = await start({ clientCertificate: 'none' });
    await expect(ask(server, { ids: [clientId('signetd')] })).rejects.toThrow(/the server is spiffe/);
    const other = createTestMesh();
    const foreign = await startTestServer(other, { clientCertificate: 'none' });
    running.push(foreign);
    const channel = server.channel();
    const misled = createClient(issuanceLedger, channel);
    expect((await misled.GetIssuance({ serial: '0a' })).serial).toBe('0a');
    const lied = await startTestServer(mesh, { clientCertificate: 'none', material: () => other.server() });
    running.push(lied);
    await expect(ask(lied)).rejects.toMatchObject({ reason: 'PEER_DOWN' });
  });

  test('the newest certificate is shown from the next handshake on, and connections stay', async () => {
    let own: TlsMaterial | undefined;
    const server = await start({ clientCertificate: 'none', material: () => own });
    await expect(ask(server)).rejects.toMatchObject({ kind: 'unavailable' });
    const seen = async (): Promise<string | undefined> => {
      const socket = await handshake(server.port, {});
      const serial = socket.getPeerX509Certificate()?.serialNumber.toLowerCase();
      socket.destroy();
      return serial;
    };
    own = mesh.server();
    const client = createClient(issuanceLedger, server.channel());
    const first = (await client.GetIssuance({})).podUid;
    expect(await seen()).toBe(own.serial);
    own = mesh.server();
    expect(await seen()).toBe(own.serial);
    expect((await client.GetIssuance({})).podUid).toBe(first);
  });

  test('new roots count from the next handshake on', async () => {
    const other = createTestMesh();
    let own = mesh.server();
    const server = await start({ material: () => own });
    const foreign = other.client('a');
    await expect(ask(server, { material: () => foreign })).rejects.toMatchObject({ kind: 'unavailable' });
    own = { ...own, rootsPem: own.rootsPem + other.root.pem };
    expect((await ask(server, { material: () => foreign })).spiffeId).toBe(clientId('a'));
  });
});

describe('handshakes', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s sessions are never resumed', async (version) => {
    const server = await start();
    const pair = keyPair(mesh.client('a'));
    const sessions: Buffer[] = [];
    const first = await handshake(server.port, { ...pair, minVersion: version, maxVersion: version });
    first.on('session', (session: Buffer) => sessions.push(session));
    const known = first.getSession();
    await new Promise((resolve) => setTimeout(resolve, 100));
    first.destroy();
    for (const session of [...sessions, ...(known === undefined ? [] : [known])]) {
      const again = await handshake(server.port, { ...pair, session, minVersion: version, maxVersion: version });
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });

  test('old versions, other protocols and no ALPN are refused', async () => {
    const server = await start({ clientCertificate: 'none' });
    await expect(
      handshake(server.port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
    ).rejects.toThrow(/alert|reset|hang up|disconnected/i);
    await expect(handshake(server.port, { ALPNProtocols: ['http/1.1'] })).rejects.toThrow(
      /alert|reset|hang up|disconnected/i,
    );
    await expect(handshake(server.port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' })).rejects.toThrow(
      /alert|reset|hang up|disconnected/i,
    );
    const silent = await handshake(server.port, { ALPNProtocols: [] });
    expect(await isClosedWithin(silent, 1000)).toBe(true);
  });

  test('one who handshakes and then says nothing is cut off', async () => {
    const server = await start({ clientCertificate: 'none', handshakeTimeoutMs: 300 });
    expect(await isClosedWithin(await handshake(server.port, {}), 2000)).toBe(true);
  });

  test('too many connections from one address are refused, and freed places are given again', async () => {
    const server = await start({ clientCertificate: 'none', connectionsPerAddressMax: 2 });
    const sockets = [await handshake(server.port, {}), await handshake(server.port, {})];
    await expect(handshake(server.port, {})).rejects.toThrow(/alert|reset|hang up|disconnected/i);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await ask(server)).serial).toBe('0a');
  });
});

describe('connections', () => {
  test('closeConnections cuts the matching ones, with their streams', async () => {
    const server = await start({
      services: echoServices(async function* (context) {
        yield { issued: { sequence: 1 } };
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      }),
    });
    const [good, bad] = [mesh.client('good'), mesh.client('bad')];
    const goodClient = createClient(issuanceLedger, server.channel({ material: () => good }));
    const badClient = createClient(issuanceLedger, server.channel({ material: () => bad }));
    const before = (await goodClient.GetIssuance({})).podUid;
    const reading = (async () => {
      for await (const event of badClient.WatchIssuances({})) {
        if (event.issued === undefined) continue;
        expect(server.server.closeConnections((peer) => peer?.serial === bad.serial)).toBe(1);
      }
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await goodClient.GetIssuance({})).podUid).toBe(before);
  });

  test('a connection ends before the certificate that made it', async () => {
    const server = await start({
      services: echoServices(async function* (context) {
        yield { issued: { sequence: 1 } };
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      }),
    });
    const now = Date.now();
    const short = mesh.client('a', { notBefore: new Date(now - 1000), notAfter: new Date(now + 3000) });
    const client = createClient(issuanceLedger, server.channel({ material: () => short }));
    const reading = (async () => {
      for await (const event of client.WatchIssuances({})) expect(event.issued?.sequence).toBe(1);
    })();
    await expect(reading).rejects.toBeInstanceOf(Error);
    expect(Date.now()).toBeLessThanOrEqual(now + 3200);
  });
});
