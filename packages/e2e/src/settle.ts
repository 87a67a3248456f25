// SPDX-License-Identifier: Apache-2.0
import type { Playground } from './playground.ts';

/** Waits until a control plane that was killed, or lost its source, is there again and every proxy has acknowledged. */
export async function waitUntilSettled(mesh: Playground): Promise<void> {
  let answer = '';
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const result = await mesh.signet(['wait', '--timeout', '20s'], 30_000);
    if (result.code === 0) return;
    answer = result.stderr;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`the mesh did not settle: ${answer}`);
}
