// SPDX-License-Identifier: Apache-2.0
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { issuanceLedger } from '@signet/proto';
import { createClient } from '../../src/index.ts';
import { createTestMesh, startTestServer, type TestServer } from '../test-mesh.ts';

const mesh = createTestMesh();
const faults: unknown[] = [];
const onFault = (error: unknown): void => void faults.push(error);
let target: TestServer;

beforeAll(async () => {
  target = await startTestServer(mesh, { clientCertificate: 'none', handshakeTimeoutMs: 500 });
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
});
afterAll(async () => {
  await target.stop();
  process.off('uncaughtException', onFault);
  process.off('unhandledRejection', onFault);
});

/** Numerical Recipes' generator: the same bytes in each run. */
function createNoise(seed: number): (length: number) => Buffer {
  let state = seed >>> 0;
  return (length) => {
    const bytes = Buffer.alloc(length);
    for (let index = 0; index < length; index += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[index] = state >>> 24;
    }
    return bytes;
  };
}

/** Sends, then resolves when the server has closed or half a second is over. */
function sendRaw(bytes: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp(target.port, '127.0.0.1', () => {
      for (const part of bytes) socket.write(part);
    });
    const timer = setTimeout(() => socket.destroy(), 500);
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function sendOverTls(bytes: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: target.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    const socket = connectTls(options, () => {
      for (const part of bytes) socket.write(part);
    });
    const timer = setTimeout(() => socket.destroy(), 500);
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function expectService(): Promise<void> {
  const client = createClient(issuanceLedger, target.channel());
  expect((await client.GetIssuance({ serial: '0a' })).serial).toBe('0a');
  expect(faults).toEqual([]);
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const settings = Buffer.from('000000040000000000', 'hex');

function frame(type: number, [flags, stream]: readonly [flags: number, stream: number], payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** HPACK: literal header fields without indexing, names and values in plain text. */
function headers(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0x00, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

const callFields = {
  ':method': 'POST',
  ':scheme': 'https',
  ':path': '/signet.ca.v1.IssuanceLedger/GetIssuance',
  ':authority': 'x',
  'content-type': 'application/grpc',
  te: 'trailers',
};
const call = headers(callFields);

describe('bytes of strangers', () => {
  test('instead of a ClientHello', async () => {
    const noise = createNoise(1);
    const cases = [
      [Buffer.alloc(0)],
      [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      [preface, settings],
      [Buffer.from('16030100', 'hex'), noise(300)],
      [Buffer.from('1603010200010001fc0303', 'hex'), noise(700)],
      ...Array.from({ length: 30 }, (_, index) => [noise(1 + index * 100)]),
    ];
    await Promise.all(cases.map(sendRaw));
    await expectService();
  });

  test('instead of HTTP/2', async () => {
    const noise = createNoise(2);
    const cases = [
      [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ...Array.from({ length: 20 }, (_, index) => [noise(1 + index * 50)]),
      ...Array.from({ length: 40 }, () => [preface, settings, noise(200)]),
      ...Array.from({ length: 40 }, (_, type) => [preface, settings, frame(type, [0xff, 1], noise(64))]),
      [preface, settings, frame(1, [0x04, 1], noise(100))],
    ];
    await Promise.all(cases.map(sendOverTls));
    await expectService();
  });

  test('instead of gRPC', async () => {
    const noise = createNoise(3);
    const begin = [preface, settings, frame(1, [0x04, 1], call)];
    const data = (bytes: Buffer): Buffer => frame(0, [0x01, 1], bytes);
    const cases = [
      [...begin, data(noise(50))],
      [...begin, data(Buffer.from('00ffffffff', 'hex'))],
      [...begin, data(Buffer.from('0100000005aaaaaaaaaa', 'hex'))],
      [...begin, data(Buffer.concat([Buffer.from('0000000040', 'hex'), noise(64)]))],
      [...begin, data(Buffer.alloc(0))],
      [...begin, frame(3, [0, 1], Buffer.from('00000008', 'hex'))],
      [
        preface,
        settings,
        frame(1, [0x05, 1], headers({ ':method': 'GET', ':scheme': 'https', ':path': '/', ':authority': 'x' })),
      ],
      [
        preface,
        settings,
        frame(1, [0x05, 1], headers({ ':method': 'POST', ':path': '/none/none', 'content-type': 'text/plain' })),
      ],
    ];
    await Promise.all(cases.map(sendOverTls));
    await expectService();
  });

  test('a rapid reset ends the connection, not the server', async () => {
    const streams = Array.from({ length: 3000 }, (_, index) => {
      const id = 1 + 2 * index;
      return Buffer.concat([frame(1, [0x04, id], call), frame(3, [0, id], Buffer.from('00000008', 'hex'))]);
    });
    await sendOverTls([preface, settings, Buffer.concat(streams)]);
    await expectService();
  });

  test('sockets that stay silent do not keep others out', async () => {
    const silent = Array.from({ length: 200 }, () => {
      const socket = connectTcp(target.port, '127.0.0.1');
      socket.on('error', () => {});
      return socket;
    });
    await expectService();
    const closed = silent.map(
      (socket) =>
        new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.resume().once('close', () => resolve()))),
    );
    await Promise.all(closed);
    await expectService();
  });

  test('a connection on which nobody calls is closed, one with a call is not', async () => {
    const strict = await startTestServer(mesh, { clientCertificate: 'none', connectionIdleMs: 300 });
    const open = () =>
      connectTls({ host: '127.0.0.1', port: strict.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const watch = headers({ ...callFields, ':path': '/grpc.health.v1.Health/Watch' });
    const [idle, busy] = [open(), open()];
    idle.write(Buffer.concat([preface, settings]));
    busy.write(Buffer.concat([preface, settings, frame(1, [0x04, 1], watch), frame(0, [0x01, 1], Buffer.alloc(5))]));
    busy.on('error', () => {}).resume();
    await new Promise((resolve) => idle.on('error', resolve).resume().once('close', resolve));
    expect(busy.readyState).toBe('open');
    busy.destroy();
    await strict.stop();
  });
});
