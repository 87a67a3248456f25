// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { startRealProcess, waitFor, type RealProcess } from '@signet/testing';
import { caConfig, type CaFiles } from './ca-kit.ts';

const program = path.resolve(import.meta.dirname, '../../control-plane/src/main.ts');

/** signetd as a process of its own, which can be killed. */
export interface Signetd {
  readonly process: RealProcess;
  address(port: number): string;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A base under which all ports are free, below those that the system gives to outgoing connections. */
async function findPortBase(): Promise<number> {
  for (;;) {
    const base = randomInt(200, 320) * 100;
    const free = await Promise.all([11, 12, 14, 22, 23].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

/** Writes the configuration of a signetd with CA and discovery; returns what starts it, on the same ports each time. */
export async function prepareSignetd(
  files: CaFiles,
  databaseUrl: string,
  ca: object = {},
): Promise<() => Promise<Signetd>> {
  const portBase = await findPortBase();
  const address = (port: number): string => `127.0.0.1:${portBase + port - 15_000}`;
  const config = caConfig(files, databaseUrl, { ca }) as { controlPlane: object };
  writeFileSync(
    files.at('signetd.token'),
    files.issuer.token({ namespace: 'signet-system', serviceAccount: 'signetd' }),
  );
  const whole = {
    ...config,
    listen: { host: '127.0.0.1', portBase },
    controlPlane: {
      tokenFile: files.at('signetd.token'),
      caAddress: address(15_012),
      caMtlsAddress: address(15_011),
      discoveryAddress: address(15_022),
    },
    log: { level: 'info' },
  };
  writeFileSync(files.at('signetd.json'), JSON.stringify(whole));
  return async () => {
    const process_ = startRealProcess({
      command: process.execPath,
      args: [program, 'ca', 'discovery', '--config', files.at('signetd.json')],
    });
    await waitFor(
      async () => {
        if (process_.exit() !== undefined) throw new Error(`signetd ended: ${process_.output()}`);
        return (await fetch(`http://${address(15_014)}/healthz/ready`)).ok;
      },
      { timeoutMs: 30_000, what: 'signetd to be ready' },
    );
    return { process: process_, address };
  };
}
