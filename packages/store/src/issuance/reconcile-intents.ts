// SPDX-License-Identifier: Apache-2.0
import type { Database } from '../database.ts';
import { isInstanceGone } from './instance-presence.ts';
import { lockSequence } from './sequence-lock.ts';

/** No request is worked on for that long, so an older open intent of this very process was forgotten. */
const ownIntentAgeMax = '60 seconds';
/** Older intents were seen by an earlier reconciliation. */
const lookBack = '7 days';

const openIntents = `from signet.issuance_intents i left join signet.issuance_outcomes o using (serial)
  where o.serial is null
    and i.created_at > coalesce((select max(found_at) from signet.reconciliations), '-infinity') - interval '${lookBack}'`;

/**
 * Gives up the open intents of processes that are gone: what they may have signed never left, as no certificate leaves
 * before its row is committed, and the serial is used up. Each run that finds some leaves a row in
 * signet.reconciliations.
 */
export async function reconcileIntents(database: Database, instance: string): Promise<number> {
  return await database.transaction(async (run) => {
    const owners = await run<{ instance: string }>(
      `select distinct i.instance ${openIntents} and i.instance <> $1::uuid`,
      [instance],
    );
    const gone: string[] = [];
    for (const owner of owners) if (await isInstanceGone(run, owner.instance)) gone.push(owner.instance);
    await lockSequence(run, 'issuance');
    const given = await run(
      `insert into signet.issuance_outcomes (serial, sequence, is_issued, decided_by)
       select serial, nextval('signet.issuance_sequence'), false, $1::uuid from (
         select i.serial ${openIntents}
           and (i.instance = any($2::uuid[]) or (i.instance = $1::uuid and i.created_at < now() - interval '${ownIntentAgeMax}'))
       ) as open_intents
       on conflict (serial) do nothing returning serial`,
      [instance, gone],
    );
    if (given.length > 0) {
      await run('insert into signet.reconciliations (instance, open_intents_found) values ($1, $2)', [
        instance,
        given.length,
      ]);
    }
    return given.length;
  });
}
