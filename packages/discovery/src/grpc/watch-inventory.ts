// SPDX-License-Identifier: Apache-2.0
import { SignetError, type InventorySnapshot } from '@signet/model';
import type { InventoryEvent, WatchInventoryRequest__Output } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { DiscoveryContext } from '../discovery-context.ts';
import { eventKinds, eventsBetween, type EventKind } from '../wire/to-events.ts';

function kindsOf(names: readonly string[]): ReadonlySet<EventKind> {
  const kinds = eventKinds.filter((kind) => names.length === 0 || names.includes(kind));
  const unknown = names.find((name) => !eventKinds.some((kind) => kind === name));
  if (unknown === undefined) return new Set(kinds);
  throw new SignetError('REQUEST_INVALID', `kinds: «${unknown}» is none of ${eventKinds.join(', ')}`, {
    field: 'kinds',
  });
}

/**
 * signet.discovery.v1.Inventory/WatchInventory. Each group leads from the state that was sent last to the newest one, so a
 * slow reader costs no memory and misses only states that are past.
 */
export function watchInventory({ view }: DiscoveryContext) {
  return async function* watch(
    request: WatchInventoryRequest__Output,
    { signal }: Pick<CallContext, 'signal'>,
  ): AsyncGenerator<InventoryEvent, void, undefined> {
    const kinds = kindsOf(request.kinds);
    let sent: InventorySnapshot | undefined;
    for await (const snapshot of view.follow(signal)) {
      yield* eventsBetween(sent, snapshot, kinds);
      sent = snapshot;
    }
  };
}
