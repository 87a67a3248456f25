// SPDX-License-Identifier: Apache-2.0
import { inventory, type InventoryEvent, type InventoryEvent__Output, type Workload } from '@signet/proto';

const { responseSerialize, responseDeserialize } = inventory.WatchInventory;

/** Some seconds after the start of the test's time. */
export function at(seconds: number): Date {
  return new Date(Date.parse('2026-11-25T12:00:00Z') + seconds * 1000);
}

/** An event as it comes from the wire. */
export function event(sent: InventoryEvent): InventoryEvent__Output {
  return responseDeserialize(responseSerialize(sent));
}

/** A running pod in namespace shop, of the account of its name. */
export function podEvent(uid: string, change: Workload = {}): InventoryEvent {
  const workload = {
    uid,
    namespace: 'shop',
    name: uid,
    serviceAccount: uid,
    node: 'node-a',
    phase: 'Running',
    labels: { app: uid },
  };
  return { workload: { ...workload, ...change } };
}

export function serviceEvent(name: string, selector: Record<string, string>, namespace = 'shop'): InventoryEvent {
  return { service: { namespace, name, selector } };
}

export function revision(change: { synced?: boolean; stale?: boolean } = {}): InventoryEvent {
  return { revision: { revision: { source: 1, ledger: 1 }, synced: true, stale: false, ...change } };
}
