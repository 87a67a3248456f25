// SPDX-License-Identifier: Apache-2.0

const parentCheckMs = 500;

/** Why the playground ends. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent';

/**
 * Settles at the first signal that asks for the end, and when the parent process dies, which sends no signal. A second signal
 * does nothing: the end is on its way.
 */
export function waitForStop(): Promise<StopReason> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
    setInterval(() => {
      if (process.ppid !== parent) resolve('parent');
    }, parentCheckMs).unref();
  });
}
