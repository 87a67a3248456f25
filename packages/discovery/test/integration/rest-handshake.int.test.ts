// SPDX-License-Identifier: Apache-2.0
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestAuthority, waitFor } from '@signet/testing';
import { DiscoveryWorld, operatorId } from '../discovery-world.ts';

let world: DiscoveryWorld;
beforeAll(async () => {
  world = await DiscoveryWorld.start();
  await waitFor(() => world.app?.isReady(), { what: 'discovery to be ready' });
}, 30_000);
afterAll(async () => world.stop(), 20_000);

function open(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: world.app?.ports().get('rest') ?? 0,
      ca: world.ca.root.rootPem,
      checkServerIdentity: () => undefined,
      ...options,
    });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

/** Asks for the Services on a connection that stands, and returns the status line. */
function ask(socket: TLSSocket, request = 'GET /v1/services HTTP/1.1\r\nhost: discovery\r\n\r\n'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('\r\n')) resolve(text.slice(0, text.indexOf('\r\n')));
    });
    socket.once('error', reject).once('close', () => resolve('closed'));
    socket.write(request);
  });
}

describe('handshakes of REST', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s sessions are never resumed', async (version) => {
    const { keyPem: key, certificateChainPem: cert } = world.material(operatorId);
    const options = { key, cert, minVersion: version, maxVersion: version };
    const sessions: Buffer[] = [];
    const first = await open(options);
    first.on('session', (session: Buffer) => sessions.push(session));
    expect(await ask(first)).toBe('HTTP/1.1 200 OK');
    const known = first.getSession();
    first.destroy();
    for (const session of [...sessions, ...(known === undefined ? [] : [known])]) {
      // Without a certificate: what the first connection proved does not count for this one.
      const again = await open({ session, minVersion: version, maxVersion: version });
      expect(again.isSessionReused()).toBe(false);
      expect(await ask(again)).toBe('HTTP/1.1 401 Unauthorized');
      again.destroy();
    }
  });

  test.each([
    ['too large', 'content-type: application/json\r\ncontent-length: 6000000', '413 Payload Too Large'],
    ['of another type', 'content-type: text/x-none\r\ncontent-length: 1', '415 Unsupported Media Type'],
  ])('a body that is %s is the caller’s fault', async (_, headers, expected) => {
    const socket = await open({});
    const request = `POST /v1/resync HTTP/1.1\r\nhost: discovery\r\n${headers}\r\n\r\nx`;
    expect(await ask(socket, request)).toBe(`HTTP/1.1 ${expected}`);
    socket.destroy();
  });

  test('a certificate of another CA is none', async () => {
    const stranger = createTestAuthority().issue({ uris: [operatorId] });
    const socket = await open({ key: stranger.keyPem, cert: stranger.certificatePem });
    expect(await ask(socket)).toMatch(/^(closed|HTTP\/1\.1 401 )/);
    socket.destroy();
  });

  test('TLS 1.1 is refused', async () => {
    await expect(
      open({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SSL_|ECONNRESET/) });
  });
});
