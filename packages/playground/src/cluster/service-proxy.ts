// SPDX-License-Identifier: Apache-2.0
import { run } from '../child-process.ts';

/** Keeps the rules of the cluster's network namespace as they should be. */
export interface ServiceProxy {
  /** Installs the rules unless they are the ones in force; of several calls while one is being installed the last counts. */
  update(rules: string): void;
}

/** Makes the proxy; problems are reported, and the rules before stay. */
export function createServiceProxy(onProblem: (message: string) => void): ServiceProxy {
  let installed = '';
  let wanted = '';
  let isBusy = false;
  const work = async (): Promise<void> => {
    isBusy = true;
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
    isBusy = false;
  };
  return {
    update(rules) {
      wanted = rules;
      if (!isBusy) void work();
    },
  };
}
