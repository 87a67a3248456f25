// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { limitConnections } from './connection-limit.ts';

let server: Server;
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
});

async function listen(limit: Parameters<typeof limitConnections>[1]): Promise<number> {
  server = createServer((socket) => socket.on('error', () => {}).on('data', (data) => socket.end(data)));
  limitConnections(server, limit);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function open(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function isServed(port: number, localAddress: string): Promise<boolean> {
  const socket = await open(port, localAddress);
  socket.write('x');
  return new Promise((resolve) => socket.once('data', () => resolve(true)).once('close', () => resolve(false)));
}

test('who opens many and sends nothing keeps nobody out', async () => {
  const port = await listen({ total: 8, perAddress: 4 });
  const silent: Socket[] = [];
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) {
    for (let n = 0; n < 6; n += 1) silent.push(await open(port, address));
  }
  expect(await isServed(port, '127.0.0.1')).toBe(true);
  expect(await isServed(port, '127.0.0.2')).toBe(true);
  expect(silent.filter((socket) => !socket.destroyed && socket.readyState === 'open').length).toBeLessThanOrEqual(8);
});

test('the oldest of the same address goes first', async () => {
  const port = await listen({ total: 8, perAddress: 2 });
  const [first, other] = [await open(port, '127.0.0.2'), await open(port, '127.0.0.3')];
  await open(port, '127.0.0.2');
  const gone = once(first, 'close');
  await open(port, '127.0.0.2');
  await gone;
  expect(other.readyState).toBe('open');
});
