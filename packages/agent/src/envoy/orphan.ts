// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Remembers which process is ours, so that the next agent can end it if this one is killed. */
export function saveProcess(pidFile: string, pid: number): void {
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
}

/** Forgets the process that was remembered. */
export function forgetProcess(pidFile: string): void {
  rmSync(pidFile, { force: true });
}

/** Pid of an Envoy that an earlier agent left behind: its command line must name our bootstrap, since pids are reused. */
export function findOrphan(pidFile: string, bootstrapFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    const argumentsOfProcess = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return argumentsOfProcess.includes(bootstrapFile) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends an orphan and waits until it is gone; its ports are needed. */
export async function endOrphan(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  const deadline = Date.now() + 5_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid}, an Envoy left behind, does not end`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie holds nothing any more; its parent may take its time.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
