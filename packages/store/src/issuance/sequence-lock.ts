// SPDX-License-Identifier: Apache-2.0
import type { RunStatement } from '../database.ts';

const locks = { issuance: 1_937_336_176, refusal: 1_937_336_177 } as const;

/**
 * Makes sequence numbers rise in commit order: whoever draws one holds this lock until its commit is visible, so a
 * reader that has seen number n never finds a smaller one later.
 */
export async function lockSequence(run: RunStatement, of: keyof typeof locks): Promise<void> {
  await run('select pg_advisory_xact_lock($1)', [locks[of]]);
}
