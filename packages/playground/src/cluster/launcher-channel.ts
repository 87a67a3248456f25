// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What the cluster's process tells the launcher. */
export type ClusterMessage =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'problem'; readonly text: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly text: string };

/** The cluster's end of the line to the launcher, on an inherited file descriptor. */
export interface LauncherChannel {
  send(message: ClusterMessage): void;
  /** The launcher asks for the end, or is gone. */
  readonly stopRequested: Promise<void>;
}

/** Opens the line; losing it counts as being asked to stop. */
export function openLauncherChannel(fd: number): LauncherChannel {
  const socket = new Socket({ fd, readable: true, writable: true });
  const { promise: stopRequested, resolve } = Promise.withResolvers<void>();
  createInterface({ input: socket })
    .on('line', (line) => {
      if (line === 'stop') resolve();
    })
    .on('error', () => resolve());
  socket
    .on('end', resolve)
    .on('close', () => resolve())
    .on('error', () => resolve());
  return {
    stopRequested,
    send: (message) => {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
    },
  };
}
