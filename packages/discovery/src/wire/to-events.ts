// SPDX-License-Identifier: Apache-2.0
import { isNamespaceEnrolled, policyKey, type InventorySnapshot } from '@signet/model';
import type { InventoryEvent } from '@signet/proto';
import { endpointToWire } from './to-endpoint.ts';
import { findingToWire } from './to-finding.ts';
import { policyToWire } from './to-policy.ts';
import { serviceToWire } from './to-service.ts';
import { workloadToWire } from './to-workload.ts';

/** Kinds of WatchInventoryRequest. */
export const eventKinds = ['namespace', 'service', 'workload', 'endpoints', 'policy', 'finding'] as const;
export type EventKind = (typeof eventKinds)[number];

type Before = InventorySnapshot | undefined;

/** Entries that are new or another value than before. Snapshots share what has not changed. */
function changedEntries<T>(before: ReadonlyMap<string, T> | undefined, now: ReadonlyMap<string, T>): [string, T][] {
  return before === now ? [] : [...now].filter(([key, value]) => before?.get(key) !== value);
}

function goneEntries<T>(before: ReadonlyMap<string, T> | undefined, now: ReadonlyMap<string, T>): T[] {
  return before === undefined || before === now
    ? []
    : [...before].filter(([key]) => !now.has(key)).map(([, value]) => value);
}

function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

function deleted(
  kind: EventKind,
  object: { readonly namespace?: string; readonly name: string; readonly uid?: string },
): InventoryEvent {
  return { deleted: { kind, namespace: object.namespace ?? '', name: object.name, uid: object.uid ?? '' } };
}

function namespaceEvents(before: Before, now: InventorySnapshot): InventoryEvent[] {
  return [
    ...changedEntries(before?.namespaces, now.namespaces).map(([, { name, labels }]) => ({
      namespace: { name, labels: { ...labels }, enrolled: isNamespaceEnrolled(labels) },
    })),
    ...goneEntries(before?.namespaces, now.namespaces).map(({ name }) => deleted('namespace', { name })),
  ];
}

/** A Service carries counts of its endpoints, so it changes with them. */
function serviceEvents(before: Before, now: InventorySnapshot): InventoryEvent[] {
  const changed = [...now.services].filter(
    ([key, service]) => before?.services.get(key) !== service || before?.endpoints.get(key) !== now.endpoints.get(key),
  );
  return [
    ...changed.map(([key, service]) => ({ service: serviceToWire(service, now.endpoints.get(key) ?? []) })),
    ...goneEntries(before?.services, now.services).map((gone) => deleted('service', gone)),
  ];
}

function workloadEvents(before: Before, now: InventorySnapshot): InventoryEvent[] {
  return [
    ...changedEntries(before?.workloads, now.workloads).map(([, workload]) => ({ workload: workloadToWire(workload) })),
    ...goneEntries(before?.workloads, now.workloads).map((gone) => deleted('workload', gone)),
  ];
}

function endpointEvents(before: Before, now: InventorySnapshot): InventoryEvent[] {
  const gone = [...(before?.endpoints.keys() ?? [])].filter((key) => !now.endpoints.has(key)).map(splitKey);
  return [
    ...changedEntries(before?.endpoints, now.endpoints).map(([key, endpoints]) => {
      const { namespace, name } = splitKey(key);
      return { endpoints: { namespace, service: name, endpoints: endpoints.map(endpointToWire) } };
    }),
    ...gone.map((one) => deleted('endpoints', one)),
  ];
}

function policyEvents(before: Before, now: InventorySnapshot): InventoryEvent[] {
  const changed = changedEntries(before?.policies, now.policies).map(([, policy]) => policy);
  const known = new Set(changed.map(policyKey));
  // A file that breaks or is mended changes the problems of the policies in it.
  const touched =
    before === undefined || before.fileProblems === now.fileProblems
      ? []
      : [...now.policies.values()].filter(
          (policy) => !known.has(policyKey(policy)) && hasOtherProblems(policy, before, now),
        );
  return [
    ...[...changed, ...touched].map((policy) => ({ policy: policyToWire(policy, now.fileProblems) })),
    ...goneEntries(before?.policies, now.policies).map(({ kind, namespace, name }) =>
      deleted('policy', { namespace, name, uid: kind }),
    ),
  ];
}

function hasOtherProblems(
  policy: Parameters<typeof policyToWire>[0],
  before: InventorySnapshot,
  now: InventorySnapshot,
): boolean {
  const [old, next] = [before, now].map(({ fileProblems }) => policyToWire(policy, fileProblems).problems?.join('\n'));
  return old !== next;
}

function findingEvents(before: Before, now: InventorySnapshot): InventoryEvent[] {
  return [
    ...changedEntries(before?.findings, now.findings).map(([, finding]) => ({ finding: findingToWire(finding) })),
    ...goneEntries(before?.findings, now.findings).map(({ namespace, pod, id }) =>
      deleted('finding', { namespace, name: pod, uid: id }),
    ),
  ];
}

const eventsOf: Readonly<Record<EventKind, (before: Before, now: InventorySnapshot) => InventoryEvent[]>> = {
  namespace: namespaceEvents,
  service: serviceEvents,
  workload: workloadEvents,
  endpoints: endpointEvents,
  policy: policyEvents,
  finding: findingEvents,
};

/** The group of events that leads from one snapshot to another, closed by the revision that is reached. */
export function eventsBetween(before: Before, now: InventorySnapshot, kinds: ReadonlySet<EventKind>): InventoryEvent[] {
  const events = eventKinds.filter((kind) => kinds.has(kind)).flatMap((kind) => eventsOf[kind](before, now));
  return [...events, { revision: { revision: { ...now.revision }, synced: now.isSynced, stale: now.isStale } }];
}
