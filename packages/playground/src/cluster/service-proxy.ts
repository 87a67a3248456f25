// SPDX-License-Identifier: Apache-2.0
import { run } from '../child-process.ts';

/** Keeps the rules of the cluster's network namespace as they should be. */
export interface ServiceProxy {
  /** Installs the rules unless they are the ones in force; of several calls while one is being installed the last counts. */
  update(rules: string): void;
  /** Settles when the newest rules are in force. */
  settled(): Promise<void>;
}

/** Makes the proxy; problems are reported, and the rules before stay. */
export function createServiceProxy(onProblem: (message: string) => void): ServiceProxy {
  let installed = '';
  let wanted = '';
  let working: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    while (wanted !== installed) {
      const rules = wanted;
      try {
        await run('nft', ['-f', '-'], rules);
      } catch (error) {
        onProblem(
          `the rules for Service addresses were not accepted: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      installed = rules;
    }
  };
  const start = (): void => {
    working ??= work().finally(() => {
      working = undefined;
      // Asked for between the last look and now.
      if (wanted !== installed) start();
    });
  };
  return {
    update(rules) {
      wanted = rules;
      start();
    },
    settled: () => working ?? Promise.resolve(),
  };
}
