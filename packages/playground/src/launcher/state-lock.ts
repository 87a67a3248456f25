// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** One playground for each state directory. */
export interface StateLock {
  release(): void;
}

/** When a process started, in clock ticks since boot; distinguishes it from a later one with the same pid. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field may hold spaces; what follows its closing bracket does not.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Takes the lock; throws when another playground that is alive holds it. A lock left by one that was killed is taken over. */
export function takeStateLock(file: string): StateLock {
  const own = `${process.pid} ${startTimeOf(process.pid)}`;
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const [pid = '', startTime] = readHolder(file);
    if (startTime !== undefined && startTimeOf(Number(pid)) === startTime) {
      throw new Error(
        `a playground runs on this state already (pid ${pid}); end it, or choose another --state and --port-base`,
      );
    }
    rmSync(file, { force: true });
  }
}

function readHolder(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(' ');
  } catch {
    return [];
  }
}
