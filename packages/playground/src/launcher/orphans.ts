// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 50;
const patienceMs = 10_000;

/**
 * Waits for the end of a cluster whose launcher was killed: it ends by itself, but until then it holds the database.
 * One that does not end in time is killed. Call with the lock of the state held.
 */
export async function endOrphans(configFile: string): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    if (findOrphans(configFile).length === 0) return;
    await delay(pollMs);
  }
  // The first of them leads the PID namespace: everything else ends with it.
  for (const pid of findOrphans(configFile)) kill(pid);
  while (findOrphans(configFile).length > 0) await delay(pollMs);
}

function findOrphans(configFile: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const args = readArguments(pid);
      return args.at(-1) === configFile && (args.at(-2) ?? '').endsWith('/cluster-main.ts');
    })
    .map(Number);
}

function readArguments(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
