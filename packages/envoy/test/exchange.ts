// SPDX-License-Identifier: Apache-2.0
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** What a client does on one connection. */
export interface ExchangeOptions {
  readonly port: number;
  /** Plaintext without it. */
  readonly tls?: ConnectionOptions;
  /** Sent in these pieces, with a pause between them; nothing for a silent client. */
  readonly send?: readonly string[];
  /** Reading ends after this time at the latest. */
  readonly readMs?: number;
  /** Reading ends when this has come. */
  readonly until?: string;
}

/** What came of it. */
export interface ExchangeResult {
  readonly received: string;
  readonly error: string;
  /** The other side ended the connection. */
  readonly isClosed: boolean;
}

const pauseMs = 150;

/** Connects, sends, and reads until the end, the awaited text, or the time limit. */
export function exchange(options: ExchangeOptions): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    const target = { host: '127.0.0.1', port: options.port };
    const socket: Socket =
      options.tls === undefined
        ? connectTcp(target)
        : connectTls({ ...target, checkServerIdentity: () => undefined, ...options.tls });
    let received = '';
    let error = '';
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ received, error, isClosed });
    };
    const timer = setTimeout(() => finish(false), options.readMs ?? 4_000);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (options.until !== undefined && received.includes(options.until)) finish(false);
    });
    socket.on('error', (problem: NodeJS.ErrnoException) => {
      error = problem.code ?? problem.message;
      // After a TLS alert Node does not always emit «close».
      finish(true);
    });
    socket.on('close', () => finish(true));
    socket.on(options.tls === undefined ? 'connect' : 'secureConnect', () => {
      (options.send ?? []).forEach((text, index) =>
        setTimeout(() => socket.writable && socket.write(text), index * pauseMs),
      );
    });
  });
}
