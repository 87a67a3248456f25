// SPDX-License-Identifier: Apache-2.0
import {
  objectKey,
  policyKey,
  type Endpoint,
  type Finding,
  type InventorySnapshot,
  type Namespace,
  type PolicyObject,
  type Service,
  type Workload,
} from '@signet/model';
import type { Deleted__Output, InventoryEvent__Output, RevisionReached__Output } from '@signet/proto';
import {
  decodeEndpoint,
  decodeFinding,
  decodeNamespace,
  decodePolicy,
  decodeRevision,
  decodeService,
  decodeWorkload,
} from './inventory-decode.ts';

/** Rebuilds snapshots from one watch. A new watch gets a new mirror: its first revision replaces everything. */
export interface InventoryMirror {
  /** Takes one event; a finished, synced state comes back at the revision that closes it. Throws on an event that cannot be read. */
  apply(event: InventoryEvent__Output): InventorySnapshot | undefined;
}

class Table<V> {
  #rows = new Map<string, V>();
  #isShared = false;

  #own(): Map<string, V> {
    if (this.#isShared) {
      this.#rows = new Map(this.#rows);
      this.#isShared = false;
    }
    return this.#rows;
  }

  set(key: string, value: V): void {
    this.#own().set(key, value);
  }

  delete(key: string): void {
    if (this.#rows.has(key)) this.#own().delete(key);
  }

  /** The rows of now; unchanged tables give the same map again. */
  share(): ReadonlyMap<string, V> {
    this.#isShared = true;
    return this.#rows;
  }
}

/** Creates an empty mirror. */
export function createInventoryMirror(): InventoryMirror {
  const namespaces = new Table<Namespace>();
  const services = new Table<Service>();
  const workloads = new Table<Workload>();
  const endpoints = new Table<readonly Endpoint[]>();
  const policies = new Table<PolicyObject>();
  const findings = new Table<Finding>();

  function remove(deleted: Deleted__Output): void {
    const key = objectKey(deleted.namespace, deleted.name);
    switch (deleted.kind) {
      case 'namespace':
        return namespaces.delete(deleted.name);
      case 'service':
        return services.delete(key);
      case 'workload':
        return workloads.delete(deleted.uid);
      case 'endpoints':
        return endpoints.delete(key);
      case 'policy':
        return policies.delete(policyKey({ kind: deleted.uid, namespace: deleted.namespace, name: deleted.name }));
      case 'finding':
        return findings.delete(deleted.uid);
      default:
    }
  }

  function publish(reached: RevisionReached__Output): InventorySnapshot | undefined {
    if (!reached.synced) return undefined;
    return {
      revision: decodeRevision(reached.revision),
      isSynced: true,
      isStale: reached.stale,
      namespaces: namespaces.share(),
      services: services.share(),
      workloads: workloads.share(),
      endpoints: endpoints.share(),
      policies: policies.share(),
      findings: findings.share(),
      fileProblems: [],
    };
  }

  function put(event: InventoryEvent__Output): void {
    if (event.namespace) namespaces.set(event.namespace.name, decodeNamespace(event.namespace));
    else if (event.service)
      services.set(objectKey(event.service.namespace, event.service.name), decodeService(event.service));
    else if (event.workload) workloads.set(event.workload.uid, decodeWorkload(event.workload));
    else if (event.endpoints) {
      const { namespace, service } = event.endpoints;
      endpoints.set(objectKey(namespace, service), event.endpoints.endpoints.map(decodeEndpoint));
    } else if (event.policy) {
      const policy = decodePolicy(event.policy);
      if (!policy.ok) throw new Error(policy.error);
      policies.set(policyKey(policy.value), policy.value);
    } else if (event.finding) findings.set(event.finding.id, decodeFinding(event.finding));
    else if (event.deleted) remove(event.deleted);
  }

  return {
    apply(event) {
      if (event.revision) return publish(event.revision);
      put(event);
      return undefined;
    },
  };
}
