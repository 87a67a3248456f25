// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientFrames, createFrameReader, formatFrame, serverFrames } from './exec-frames.ts';
import { execInPod, type ExecStreams } from './exec.ts';

let directory: string;
let server: Server;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-exec-'));
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

/** A playground that answers each request line as told. */
function serve(answer: (request: unknown, socket: Socket) => void): Promise<string> {
  const socketPath = path.join(directory, 'exec.sock');
  server = createServer((socket) => {
    let pending = Buffer.alloc(0);
    const onRequest = (bytes: Buffer): void => {
      pending = Buffer.concat([pending, bytes]);
      const end = pending.indexOf('\n');
      if (end < 0) return;
      socket.off('data', onRequest);
      answer(JSON.parse(pending.subarray(0, end).toString()), socket);
      if (pending.length > end + 1) socket.emit('data', pending.subarray(end + 1));
    };
    socket.on('data', onRequest);
    socket.on('error', () => {});
  });
  return new Promise((resolve) => server.listen(socketPath, () => resolve(socketPath)));
}

function pipes() {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  return { stdin, stdout, stderr, streams: { stdin, stdout, stderr } as unknown as ExecStreams };
}

describe('execInPod', () => {
  test('passes request, input, output and exit code', async () => {
    const { stdin, stdout, stderr, streams } = pipes();
    const socketPath = await serve((request, socket) => {
      socket.write(formatFrame(serverFrames.stderr, Buffer.from(JSON.stringify(request))));
      const read = createFrameReader((type, payload) => {
        if (type === clientFrames.stdin) socket.write(formatFrame(serverFrames.stdout, payload));
        if (type === clientFrames.stdinEnded)
          socket.end(formatFrame(serverFrames.ended, Buffer.from('{"code":7,"signal":null}')));
      });
      socket.on('data', read);
    });
    stdin.end('hello');
    const command = ['cat', '-n', '--', '-o'];
    expect(await execInPod({ socketPath, podName: 'shop/cart', command, streams })).toBe(7);
    expect(String(stdout.read())).toBe('hello');
    expect(JSON.parse(String(stderr.read()))).toEqual({ namespace: 'shop', pod: 'cart', command });
  });

  test('death by signal is 128 and its number', async () => {
    const socketPath = await serve(
      (_, socket) => void socket.end(formatFrame(serverFrames.ended, Buffer.from('{"code":null,"signal":"SIGKILL"}'))),
    );
    expect(await execInPod({ socketPath, podName: 'shop/cart', command: ['x'], streams: pipes().streams })).toBe(137);
  });

  test('a refusal and a lost connection are errors', async () => {
    const socketPath = await serve((request, socket) => {
      const isLost = JSON.stringify(request).includes('lost');
      socket.end(isLost ? Buffer.alloc(0) : formatFrame(serverFrames.refused, Buffer.from('no such pod')));
    });
    const run = (name: string) =>
      execInPod({ socketPath, podName: `shop/${name}`, command: ['x'], streams: pipes().streams });
    await expect(run('refused')).rejects.toThrow('no such pod');
    await expect(run('lost')).rejects.toThrow('closed the connection');
    await expect(
      execInPod({ socketPath: '/none', podName: 'a/b', command: ['x'], streams: pipes().streams }),
    ).rejects.toThrow(/does not answer/);
  });
});

test('frames survive any cut', () => {
  server = createServer();
  const bytes = Buffer.concat([
    formatFrame(1, Buffer.from('abc')),
    formatFrame(2, Buffer.alloc(0)),
    formatFrame(3, Buffer.from('x')),
  ]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const seen: string[] = [];
    const read = createFrameReader((type, payload) => seen.push(`${type}:${payload.toString()}`));
    read(bytes.subarray(0, cut));
    read(bytes.subarray(cut));
    expect(seen).toEqual(['1:abc', '2:', '3:x']);
  }
});
