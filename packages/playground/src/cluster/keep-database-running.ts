// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedProcess } from '../child-process.ts';

const firstBackoffMs = 100;
const maxBackoffMs = 5000;
/** A server that ran this long has started well. */
const settledMs = 5000;

/** A database server that is started again whenever it ends. */
export interface KeptDatabase {
  stop(): Promise<void>;
}

/** What keepDatabaseRunning works with. */
export interface KeepDatabaseOptions {
  readonly first: ManagedProcess;
  readonly startServer: () => ManagedProcess;
  /** postmaster.pid in the data directory. */
  readonly pidFile: string;
  /** Is told what happened. */
  readonly onRestart: (what: string) => void;
}

/** Starts Postgres again when somebody kills it, until it is stopped. */
export function keepDatabaseRunning(options: KeepDatabaseOptions): KeptDatabase {
  const stopping = new AbortController();
  const { signal } = stopping;
  let server = options.first;
  const supervise = async (): Promise<void> => {
    let backoffMs = firstBackoffMs;
    for (;;) {
      const startedMs = performance.now();
      const end = await server.ended;
      if (signal.aborted) return;
      backoffMs = performance.now() - startedMs > settledMs ? firstBackoffMs : Math.min(backoffMs * 2, maxBackoffMs);
      options.onRestart(`Postgres ended (${end.signal ?? end.code}); it is started again`);
      await delay(backoffMs, undefined, { signal });
      await endBackends();
      if (signal.aborted) return;
      rmSync(options.pidFile, { force: true });
      server = options.startServer();
    }
  };
  // It rejects when it is stopped while it waits.
  const supervision = supervise().catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      // «fast shutdown»: open transactions are rolled back.
      await server.stop(10_000, 'SIGINT');
      await supervision;
    },
  };
}

/**
 * Backends outlive a killed server for a moment, in process groups of their own, and hold its data. All that are to be seen
 * are ours, as the cluster has a PID namespace of its own.
 */
async function endBackends(): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isBackend(entry));
    if (pids.length === 0) return;
    if (waitedMs >= 5000) for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    await delay(50);
  }
}

function isBackend(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres: ');
  } catch {
    return false;
  }
}
