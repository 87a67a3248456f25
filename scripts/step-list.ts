// SPDX-License-Identifier: Apache-2.0

/** One thing that is checked. Throws, with everything that the reader needs in the message, when it does not hold. */
export interface Step {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** Count of steps that held and did not. */
export interface StepTotals {
  readonly passed: number;
  readonly failed: number;
}

/** Runs all steps, whatever becomes of single ones, and prints name and time of each to stderr. */
export async function runSteps(steps: readonly Step[]): Promise<StepTotals> {
  let failed = 0;
  for (const { name, run } of steps) {
    const started = performance.now();
    let problem: string | undefined;
    try {
      await run();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      failed += 1;
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${problem === undefined ? 'ok  ' : 'FAIL'} ${seconds} s  ${name}\n`);
    if (problem !== undefined) process.stderr.write(`${problem}\n\n`);
  }
  return { passed: steps.length - failed, failed };
}
