// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import { controlPlanePorts } from '@signet/model';

/** A `--port-base` of which every port is free, below the range from which the system takes ports for connections. */
export async function findPortBase(): Promise<number> {
  for (;;) {
    const base = 16_000 + Math.floor(Math.random() * 160) * 100;
    const ports = Object.values(controlPlanePorts).map((port) => base + port - 15_000);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
