// SPDX-License-Identifier: Apache-2.0
// Progress goes to stderr only: stdout belongs to the command that is started at the end.

const heartbeatMs = 15_000;

/** An error that the user can act on; printed without a stack. */
export class Missing extends Error {}

export function say(text) {
  process.stderr.write(`signet: ${text}\n`);
}

/** Says what is going on, every now and then that it still is, and how long it took. */
export async function step(title, work) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  say(`${title} …`);
  const timer = setInterval(() => say(`${title}: ${seconds()} s so far …`), heartbeatMs);
  try {
    const result = await work();
    say(`${title}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
