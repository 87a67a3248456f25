// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  findFreePorts,
  startPostgres,
  startRealProcess,
  waitFor,
  type PostgresServer,
  type RealProcess,
} from '@signet/testing';
import { writeBenchCluster } from './bench-cluster.ts';
import { createTokenIssuer } from './token-issuer.ts';

/** signetd with CA and discovery over a real, durable Postgres. */
export interface BenchControlPlane {
  readonly caAddress: string;
  readonly caIds: readonly string[];
  readonly rootsPem: string;
  /** One for each pod. */
  readonly tokens: readonly string[];
  readonly postgres: PostgresServer;
  /** Rows in the ledger's database, to be compared with what clients received. */
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

const program = path.resolve(import.meta.dirname, '../../../control-plane/src/main.ts');
const account = { namespace: 'signet-system', serviceAccount: 'signetd' };
const startTimeoutMs = 60_000;

/** A base under which all ports of the control plane are free. */
async function findPortBase(): Promise<number> {
  const [free = 20_000] = await findFreePorts(1);
  return free - (free % 100);
}

export async function startBenchControlPlane(podCount: number): Promise<BenchControlPlane> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-bench-'));
  const at = (name: string): string => path.join(directory, name);
  const postgres = await startPostgres({ isDurable: true });
  const database = await postgres.createDatabase('signet');
  const issuer = createTokenIssuer();
  const subjects = writeBenchCluster(at('cluster'), podCount);
  const base = await findPortBase();
  writeFileSync(at('jwks.json'), issuer.jwks);
  writeFileSync(at('master.key'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  writeFileSync(at('token'), issuer.issueToken(account));
  const config = {
    controlPlane: {
      tokenFile: at('token'),
      caAddress: `127.0.0.1:${base + 12}`,
      caMtlsAddress: `127.0.0.1:${base + 11}`,
      discoveryAddress: `127.0.0.1:${base + 22}`,
    },
    trustBundleFile: at('roots.pem'),
    listen: { host: '127.0.0.1', portBase: base },
    tokens: { issuer: issuer.issuer, jwksFile: at('jwks.json') },
    source: { kind: 'manifests', directories: [at('cluster')] },
    database: { url: database.url },
    ca: { keyFile: at('master.key') },
    log: { level: 'warn' },
  };
  writeFileSync(at('signetd.json'), JSON.stringify(config));
  const signetd = startRealProcess({
    command: process.execPath,
    args: [program, 'ca', 'discovery', '--config', at('signetd.json')],
  });
  const stop = async (): Promise<void> => {
    await signetd.stop();
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(signetd, base + 14, at('roots.pem'));
  } catch (error) {
    await stop();
    throw new Error(`signetd did not become ready:\n${signetd.output()}`, { cause: error });
  }
  return {
    caAddress: config.controlPlane.caAddress,
    caIds: ['spiffe://cluster.local/ns/signet-system/sa/signetd'],
    rootsPem: readFileSync(at('roots.pem'), 'utf8'),
    tokens: subjects.map((subject) => issuer.issueToken(subject)),
    postgres,
    databaseUrl: database.url,
    stop,
  };
}

async function waitUntilReady(signetd: RealProcess, healthPort: number, rootsFile: string): Promise<void> {
  const outcome = await waitFor(
    async () => {
      if (signetd.exit() !== undefined) return 'ended';
      const response = await fetch(`http://127.0.0.1:${healthPort}/healthz/ready`).catch(() => undefined);
      return response?.status === 200 && existsSync(rootsFile) ? 'ready' : undefined;
    },
    { timeoutMs: startTimeoutMs, what: 'signetd' },
  );
  if (outcome === 'ended') throw new Error('it ended');
}
