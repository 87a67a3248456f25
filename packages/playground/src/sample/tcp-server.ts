// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import type { ConnectionCounter } from './connection-counter.ts';
import type { SampleIdentity } from './identity.ts';

const maxLineLength = 4096;

/**
 * Answers each line with one line. With `isServerFirst` it greets before the client says anything, as databases and
 * mail servers do.
 */
export function createTcpServer(role: {
  readonly identity: SampleIdentity;
  readonly counter: ConnectionCounter;
  readonly isServerFirst: boolean;
}): net.Server {
  return net.createServer((socket) => {
    role.counter.add(socket);
    const answer = (line: string): void => void socket.write(`${JSON.stringify({ ...role.identity, line })}\n`);
    if (role.isServerFirst) answer('welcome');
    let pending = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (pending + text).split('\n');
      pending = (lines.pop() ?? '').slice(-maxLineLength);
      for (const line of lines) answer(line);
    });
    socket.on('error', () => socket.destroy());
  });
}
