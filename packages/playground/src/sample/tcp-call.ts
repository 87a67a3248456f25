// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { endOfError, shorten, type CallEnd } from './call-result.ts';

/** Options of one exchange over TCP. */
export interface TcpCallOptions {
  readonly timeoutMs: number;
  /** The server speaks first: send nothing before its banner. */
  readonly isServerFirst: boolean;
}

/** Connects, sends one line (unless the server speaks first) and waits for one line. */
export function callTcp(url: URL, options: TcpCallOptions): Promise<CallEnd> {
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    let received = '';
    const end = (result: CallEnd): void => {
      socket.destroy();
      resolve({ ...result, bytes: received.length });
    };
    const closed = Object.assign(new Error('closed before the first byte'), { code: 'ECONNRESET' });
    socket.setTimeout(options.timeoutMs, () => end(endOfError(new Error(`no answer within ${options.timeoutMs} ms`))));
    socket.once('connect', () => {
      if (!options.isServerFirst) socket.write('hello\n');
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      if (!received.includes('\n')) return;
      const pod = /"pod":"([^"]*)"/.exec(received)?.[1];
      end({ outcome: 'ok', status: undefined, pod, message: shorten(received.trim()), bytes: received.length });
    });
    socket.once('end', () => end(endOfError(closed)));
    socket.once('error', (error) => end(endOfError(error)));
  });
}
