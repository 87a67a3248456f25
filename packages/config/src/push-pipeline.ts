// SPDX-License-Identifier: Apache-2.0
import type { ResourceSet } from '@signet/envoy';
import type { InventorySnapshot, PolicyStatus, Revision } from '@signet/model';
import type { Clock } from '@signet/runtime';
import type { ConnectedProxy, DesiredState, ProxyRegistry } from '@signet/xds';
import type { ConfigEvents } from './events.ts';
import type { MeshState, Projector, ProxyTraits } from './mesh-projector.ts';
import type { Computed, Recomputer } from './recompute.ts';

/** Turns events into desired states of the connected proxies. */
export interface PushPipeline {
  /** Takes a finished inventory. */
  setSnapshot(snapshot: InventorySnapshot): void;
  /** Takes the roots for traffic. */
  setRoots(rootsPem: string): void;
  /** Present state for a proxy; undefined while not ready, and for pods that have no part in the mesh. */
  desiredFor(proxy: ConnectedProxy): DesiredState | undefined;
  /** Tells the pipeline that a proxy moved on, so that a two-step change can finish. */
  noteProgress(): void;
  /** Newest revision of which the proxies were told the final state. */
  finalRevision(): Revision | undefined;
  snapshot(): InventorySnapshot | undefined;
  statuses(): readonly PolicyStatus[];
  isReady(): boolean;
  stop(): void;
}

/** What the pipeline works with. */
export interface PushPipelineDeps {
  readonly registry: ProxyRegistry;
  readonly recomputer: Recomputer;
  readonly project: Projector;
  readonly events: ConfigEvents;
  readonly clock: Clock;
  readonly debounceMs: number;
  /** Problems of a set that must not be sent; empty for none. */
  readonly check?: ((set: ResourceSet) => readonly string[]) | undefined;
  /** A two-step change goes on after so long, whatever silent proxies do. Default 20 000 ms. */
  readonly transitionMaxMs?: number;
}

/** Proxies are told in slices, so that acknowledgements and new streams are served in between. */
const sliceSize = 64;

/** Creates a pipeline; it computes when it has an inventory and roots. */
export function createPushPipeline(deps: PushPipelineDeps): PushPipeline {
  return new DebouncedPipeline(deps);
}

class DebouncedPipeline implements PushPipeline {
  readonly #deps: PushPipelineDeps;
  #snapshot: InventorySnapshot | undefined;
  #rootsPem: string | undefined;
  #computed: Computed | undefined;
  #final: Revision | undefined;
  #sinceMs = 0;
  /** Since when a two-step change is under way. */
  #transitionSinceMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #transitionTimer: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;
  #pushing = 0;
  #isStopped = false;
  /** Sets that were made for the present state, by pod and traits. */
  #sets = new Map<string, ResourceSet | undefined>();
  /** The sets of the state before, so that equal content keeps its identity. */
  #setsBefore: ReadonlyMap<string, ResourceSet | undefined> = new Map();

  constructor(deps: PushPipelineDeps) {
    this.#deps = deps;
  }

  setSnapshot(snapshot: InventorySnapshot): void {
    this.#snapshot = snapshot;
    this.#schedule();
  }

  setRoots(rootsPem: string): void {
    if (rootsPem === this.#rootsPem) return;
    this.#rootsPem = rootsPem;
    this.#schedule();
  }

  snapshot(): InventorySnapshot | undefined {
    return this.#snapshot;
  }

  statuses(): readonly PolicyStatus[] {
    return this.#computed?.statuses ?? [];
  }

  finalRevision(): Revision | undefined {
    return this.#final;
  }

  isReady(): boolean {
    return this.#computed !== undefined;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#transitionTimer);
    clearTimeout(this.#expiryTimer);
  }

  desiredFor(proxy: ConnectedProxy): DesiredState | undefined {
    const computed = this.#computed;
    if (computed === undefined) return undefined;
    const set = this.#setFor(computed.state, proxy);
    return set === undefined ? undefined : { set, revision: computed.revision, sinceMs: this.#sinceMs };
  }

  noteProgress(): void {
    if (this.#transitionSinceMs === undefined || this.#transitionTimer !== undefined) return;
    this.#transitionTimer = setTimeout(() => {
      this.#transitionTimer = undefined;
      this.#finishTransition();
    }, 50);
  }

  #nowMs(): number {
    return this.#deps.clock.now().getTime();
  }

  #schedule(): void {
    if (this.#isStopped || this.#timer !== undefined || this.#snapshot === undefined || this.#rootsPem === undefined)
      return;
    const arrivedMs = this.#nowMs();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#recompute(arrivedMs);
    }, this.#deps.debounceMs);
  }

  #recompute(arrivedMs: number): void {
    if (this.#snapshot === undefined || this.#rootsPem === undefined || this.#isStopped) return;
    const startedMs = performance.now();
    try {
      const now = this.#deps.clock.now();
      const computed = this.#deps.recomputer.compute({ snapshot: this.#snapshot, rootsPem: this.#rootsPem, now });
      this.#adopt(computed, arrivedMs);
      this.#deps.events.computed({
        revision: computed.revision,
        durationMs: performance.now() - startedMs,
        proxies: this.#deps.registry.size(),
      });
    } catch (error) {
      // A broken invariant: the last good state stays with the proxies.
      this.#deps.events.computeFailed(error);
    }
  }

  #adopt(computed: Computed, arrivedMs: number): void {
    this.#computed = computed;
    this.#sinceMs = arrivedMs;
    this.#setsBefore = this.#sets;
    this.#sets = new Map();
    this.#watchExpiry(computed);
    if (computed.next === undefined) {
      this.#transitionSinceMs = undefined;
      this.#deps.recomputer.markFinal(computed.state.graph);
      this.#final = computed.revision;
    } else this.#transitionSinceMs ??= this.#nowMs();
    void this.#push();
    this.noteProgress();
  }

  #watchExpiry({ nextChange }: Computed): void {
    clearTimeout(this.#expiryTimer);
    if (nextChange === undefined) return;
    const waitMs = Math.min(Math.max(0, nextChange.getTime() - this.#nowMs()) + 1, 3600_000);
    this.#expiryTimer = setTimeout(() => this.#schedule(), waitMs);
    this.#expiryTimer.unref();
  }

  async #push(): Promise<void> {
    const turn = (this.#pushing += 1);
    let count = 0;
    for (const proxy of [...this.#deps.registry.all()]) {
      if (turn !== this.#pushing || this.#isStopped) return;
      const desired = this.desiredFor(proxy);
      if (desired !== undefined) proxy.stream.desire(desired);
      count += 1;
      if (count % sliceSize === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #setFor(state: MeshState, proxy: ConnectedProxy): ResourceSet | undefined {
    const { podUid } = proxy.identity;
    const traits = traitsOf(proxy);
    const key = `${podUid} ${traits.proxyMark ?? ''}`;
    if (this.#sets.has(key)) return this.#sets.get(key);
    const before = this.#setsBefore.get(key);
    let set = this.#deps.project(state, podUid, traits);
    const problems = set === undefined ? [] : (this.#deps.check?.(set) ?? []);
    if (problems.length > 0) {
      this.#deps.events.resourcesInvalid({ podUid, problems });
      set = before;
    }
    if (set !== undefined && set.hash === before?.hash) set = before;
    this.#sets.set(key, set);
    return set;
  }

  /** Second step of a two-step change: everybody took over the first, and old connections are gone. */
  #finishTransition(): void {
    const computed = this.#computed;
    if (computed?.next === undefined || this.#transitionSinceMs === undefined || this.#isStopped) return;
    const nowMs = this.#nowMs();
    const isOverdue = nowMs - this.#transitionSinceMs > (this.#deps.transitionMaxMs ?? 20_000);
    const isBusy = [...this.#deps.registry.all()].some(
      ({ stream, drainsUntilMs }) =>
        isBehind(stream.session().settled, stream.session().desired) || drainsUntilMs > nowMs,
    );
    if (isBusy && !isOverdue) return this.noteProgress();
    this.#adopt({ ...computed, state: computed.next, next: undefined }, this.#sinceMs);
  }
}

function isBehind(settled: DesiredState | undefined, desired: DesiredState | undefined): boolean {
  return desired !== undefined && settled !== desired;
}

function traitsOf(proxy: ConnectedProxy): ProxyTraits {
  const mark = Number(proxy.node.metadata.get('PROXY_MARK'));
  return { proxyMark: Number.isInteger(mark) && mark > 0 ? mark : undefined };
}
