// SPDX-License-Identifier: Apache-2.0
import { call } from './call.ts';
import type { CallResult } from './call-result.ts';
import type { OneShotOptions } from './sample-options.ts';

/** Makes every call `count` times, each on a connection of its own, and returns the results in order of completion. */
export async function callOnce(options: OneShotOptions): Promise<readonly CallResult[]> {
  const queue = options.targets.flatMap((target) => Array.from({ length: options.count }, () => target));
  const results: CallResult[] = [];
  const work = async (): Promise<void> => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
      const { method, timeoutMs, caFile } = options;
      results.push(await call(target, { method, timeoutMs, ...(caFile === undefined ? {} : { caFile }) }));
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, work));
  return results;
}
