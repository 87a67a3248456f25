// SPDX-License-Identifier: Apache-2.0
import { attestEndpoints, emptyMemory, type AttestationMemory, type AttestationResult } from '@signet/detect';
import type { CertificateState, ClusterSnapshot, Endpoint, Finding, InventorySnapshot, Workload } from '@signet/model';
import type { Clock } from '@signet/runtime';
import type { DiscoveryEvents } from '../events.ts';
import type { LedgerFollower } from '../ledger/ledger-follower.ts';
import type { DiscoveryMemory } from './discovery-memory.ts';
import type { InventoryView } from './inventory-view.ts';
import { reuseEqual } from './reuse-equal.ts';

/** A burst of changes within this time is one evaluation. */
const debounceMs = 10;
/** After an evaluation the next one waits this many times as long as it took, so that others get the processor too. */
const restFactor = 2;
/** A controller may become visible a moment after its pod; until then its pod is withheld without a finding. */
const ownerSettleMs = 400;
/** setTimeout cannot wait longer. */
const timerMaxMs = 2 ** 31 - 1;

/** What the loop works with. */
export interface AttestationLoopDeps {
  readonly source: { current(): ClusterSnapshot };
  readonly follower: Pick<LedgerFollower, 'ledger' | 'hasSynced' | 'isFollowed'>;
  readonly memory: DiscoveryMemory;
  readonly view: InventoryView;
  readonly events: DiscoveryEvents;
  readonly clock: Clock;
  readonly rootNamespace: string;
  readonly attestation: boolean;
}

/** Turns cluster, ledger and memory into published snapshots, one at a time. */
export class AttestationLoop {
  readonly #deps: AttestationLoopDeps;
  readonly #withCertificate = new WeakMap<Workload, Workload>();
  /** When a finding that needs settling was first noticed. */
  readonly #noticed = new Map<string, number>();
  #memory: AttestationMemory = emptyMemory;
  #soon: NodeJS.Timeout | undefined;
  #review: NodeJS.Timeout | undefined;
  #restUntil = 0;
  #isStopped = false;
  #fileProblems: readonly string[] = [];

  constructor(deps: AttestationLoopDeps) {
    this.#deps = deps;
  }

  /** Something has changed: evaluates soon. */
  schedule(): void {
    if (this.#isStopped) return;
    const waitMs = Math.max(debounceMs, this.#restUntil - performance.now());
    this.#soon ??= setTimeout(() => this.evaluate(), waitMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#clearTimers();
  }

  #clearTimers(): void {
    clearTimeout(this.#soon);
    clearTimeout(this.#review);
    this.#soon = undefined;
  }

  /** Evaluates now and publishes. */
  evaluate(): InventorySnapshot {
    this.#clearTimers();
    const startedAt = performance.now();
    const { source, follower, memory, view, events } = this.#deps;
    const cluster = source.current();
    this.#noteProblems(cluster);
    const isReady = cluster.isSynced && memory.isLoaded();
    const result = isReady ? this.#attest(cluster) : undefined;
    const before = view.current();
    const findings = result === undefined ? before.findings : this.#publishFindings(cluster, result);
    const snapshot: InventorySnapshot = {
      revision: { source: cluster.revision, ledger: follower.ledger.sequence },
      isSynced: isReady && (before.isSynced || follower.hasSynced()),
      isStale: cluster.isStale,
      namespaces: reuseEqual(before.namespaces, cluster.namespaces),
      services: reuseEqual(before.services, cluster.services),
      workloads: reuseEqual(before.workloads, this.#workloads(cluster)),
      endpoints: reuseEqual<readonly Endpoint[]>(before.endpoints, result?.endpoints ?? new Map()),
      policies: reuseEqual(before.policies, cluster.policies),
      findings,
      fileProblems: cluster.fileProblems,
    };
    view.publish(snapshot);
    const durationMs = performance.now() - startedAt;
    this.#restUntil = performance.now() + restFactor * durationMs;
    events.published(snapshot, durationMs);
    return snapshot;
  }

  #attest(cluster: ClusterSnapshot): AttestationResult {
    const { follower, memory, clock, rootNamespace, attestation } = this.#deps;
    const now = clock.now();
    const result = attestEndpoints({
      cluster,
      certificates: follower.ledger.newest,
      isLedgerFollowed: follower.isFollowed(),
      origins: memory.origins,
      firstSeen: memory.firstSeen,
      bareBefore: memory.bareBefore,
      memory: this.#memory,
      now,
      rootNamespace,
      attestation,
    });
    this.#memory = result.memory;
    memory.rememberOrigins(result.established);
    if (result.reviewAt !== undefined) this.#reviewIn(result.reviewAt.getTime() - now.getTime());
    return result;
  }

  #reviewIn(delayMs: number): void {
    clearTimeout(this.#review);
    this.#review = setTimeout(() => this.schedule(), Math.min(Math.max(delayMs, 0) + 1, timerMaxMs));
  }

  #noteProblems(cluster: ClusterSnapshot): void {
    if (cluster.fileProblems === this.#fileProblems) return;
    const known = new Set(this.#fileProblems);
    this.#deps.events.fileProblems(cluster.fileProblems.filter((problem) => !known.has(problem)));
    this.#fileProblems = cluster.fileProblems;
  }

  #publishFindings(cluster: ClusterSnapshot, result: AttestationResult): ReadonlyMap<string, Finding> {
    const { view, memory, events } = this.#deps;
    const before = view.current().findings;
    const settled = new Map(
      [...result.findings].filter(([id, finding]) => before.has(id) || this.#isSettled(cluster, finding)),
    );
    for (const id of this.#noticed.keys()) if (!result.findings.has(id)) this.#noticed.delete(id);
    const opened = [...settled.values()].filter(({ id }) => !before.has(id));
    // One that is remembered was told of before the restart, or a moment ago.
    for (const finding of opened) if (!memory.firstSeen.has(finding.id)) events.findingOpened(finding);
    memory.rememberFindings(opened);
    for (const finding of before.values()) if (!settled.has(finding.id)) events.findingClosed(finding);
    if (!cluster.isStale) memory.forgetPods((uid) => !cluster.workloads.has(uid));
    return reuseEqual(before, settled);
  }

  #isSettled(cluster: ClusterSnapshot, finding: Finding): boolean {
    const pod = cluster.workloads.get(finding.podUid);
    const isOwnerPending = pod?.owners.some((owner) => !owner.isVerified) ?? false;
    if (!isOwnerPending || this.#deps.memory.firstSeen.has(finding.id)) return true;
    const now = performance.now();
    const since = this.#noticed.get(finding.id) ?? now;
    this.#noticed.set(finding.id, since);
    if (now - since >= ownerSettleMs) return true;
    setTimeout(() => this.schedule(), ownerSettleMs - (now - since) + 1).unref();
    return false;
  }

  #workloads(cluster: ClusterSnapshot): ReadonlyMap<string, Workload> {
    const { newest } = this.#deps.follower.ledger;
    return new Map([...cluster.workloads].map(([uid, workload]) => [uid, this.#certified(workload, newest.get(uid))]));
  }

  #certified(workload: Workload, certificate: CertificateState | undefined): Workload {
    const known = this.#withCertificate.get(workload);
    if (known !== undefined && known.certificate?.serial === certificate?.serial) return known;
    const plain = certificate && {
      serial: certificate.serial,
      spiffeId: certificate.spiffeId,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
    };
    const merged = { ...workload, certificate: plain };
    this.#withCertificate.set(workload, merged);
    return merged;
  }
}
