// SPDX-License-Identifier: Apache-2.0
import type { IssuanceEvent, WatchIssuancesRequest__Output } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { CaContext } from '../ca-context.ts';
import { issuanceToWire } from '../wire/to-issuance.ts';

/** signet.ca.v1.IssuanceLedger/WatchIssuances. */
export function watchIssuances(ca: CaContext) {
  return async function* watch(
    { afterSequence }: WatchIssuancesRequest__Output,
    { signal }: Pick<CallContext, 'signal'>,
  ): AsyncGenerator<IssuanceEvent, void, undefined> {
    for await (const item of ca.ledger.feed.watch({ afterSequence, now: ca.clock.now(), signal })) {
      yield item.kind === 'issued'
        ? { issued: issuanceToWire(item.issuance) }
        : { synced: { sequence: item.sequence } };
    }
  };
}
