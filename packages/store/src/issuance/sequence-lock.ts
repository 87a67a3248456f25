// SPDX-License-Identifier: Apache-2.0
import type { RunStatement } from '../database.ts';

/** Keys of the advisory locks; the same in all releases. */
export const sequenceLocks = { issuance: 1_937_336_176, refusal: 1_937_336_177 } as const;

/**
 * Makes sequence numbers rise in commit order: whoever draws one holds this lock until its commit is visible, so a
 * reader that has seen number n never finds a smaller one later.
 */
export async function lockSequence(run: RunStatement, of: keyof typeof sequenceLocks): Promise<void> {
  await run('select pg_advisory_xact_lock($1)', [sequenceLocks[of]]);
}
