// SPDX-License-Identifier: Apache-2.0
import { EventEmitter, once } from 'node:events';
import type { InventorySnapshot } from '@signet/model';
import {
  loadEnvoyDescriptorSet,
  loadSignetDescriptorSet,
  proxyStatus,
  type IssuanceEvent__Output,
  type TrustBundle__Output,
} from '@signet/proto';
import {
  createGrpcServer,
  listenPort,
  service,
  type App,
  type CallContext,
  type Clock,
  type GrpcServer,
  type Logger,
  type Metrics,
  type ServiceRegistration,
} from '@signet/runtime';
import { createAdsService, createProxyRegistry, type ProxyNode, type ProxyRegistry } from '@signet/xds';
import { createAuthoriser } from './authorise.ts';
import type { ConfigAppConfig } from './config.ts';
import { judgeConvergence } from './convergence.ts';
import { createConfigEvents, type ConfigEvents } from './events.ts';
import { followStream } from './follow-stream.ts';
import { createListPolicyStatus } from './grpc/list-policy-status.ts';
import { createListProxies } from './grpc/list-proxies.ts';
import { createWaitForRevision } from './grpc/wait-for-revision.ts';
import { followInventory } from './inventory-source.ts';
import { createIssuanceCache, type IssuanceCache } from './issuance-cache.ts';
import { createMeshProjector } from './mesh-projector.ts';
import { createPushPipeline, type PushPipeline } from './push-pipeline.ts';
import { createRecomputer } from './recompute.ts';
import { createResourceChecker } from './resource-checker.ts';
import { identifyStream } from './stream-identity.ts';
import { createUpstreams, type Upstreams } from './upstreams.ts';

/** What the composition root gets from outside. */
export interface ConfigAppDeps {
  readonly config: ConfigAppConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const sweepMs = 1000;
const sweepsPerPrune = 60;

/** Composes the config service: inventory and ledger in, ADS and ProxyStatus out. */
export function createConfigApp(deps: ConfigAppDeps): App {
  return new ConfigApp(deps);
}

class ConfigApp implements App {
  readonly #deps: ConfigAppDeps;
  readonly #registry: ProxyRegistry = createProxyRegistry();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #stopping = new AbortController();
  readonly #events: ConfigEvents;
  readonly #upstreams: Upstreams;
  readonly #issuances: IssuanceCache;
  readonly #pipeline: PushPipeline;
  readonly #server: GrpcServer;
  #followers: readonly Promise<void>[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  #sweeps = 0;

  constructor(deps: ConfigAppDeps) {
    const { config, logger, metrics, clock } = deps;
    this.#deps = deps;
    this.#events = createConfigEvents(logger, metrics, () => this.#registry.size());
    this.#upstreams = createUpstreams({ config, logger, clock });
    this.#issuances = createIssuanceCache((serial) =>
      this.#upstreams.ledger.GetIssuance({ serial }, { timeoutMs: 5000 }),
    );
    const { trustDomain, rootNamespace } = config;
    this.#pipeline = createPushPipeline({
      registry: this.#registry,
      recomputer: createRecomputer({ trustDomain, rootNamespace }),
      project: createMeshProjector({ trustDomain, rootNamespace }),
      events: this.#events,
      clock,
      debounceMs: config.config.debounceMs,
      check: config.config.checkResources ? createResourceChecker(loadEnvoyDescriptorSet()) : undefined,
    });
    this.#server = createGrpcServer({
      listeners: [
        {
          name: 'config',
          host: config.listen.host,
          port: listenPort(config, 'config'),
          clientCertificate: 'require',
          services: [this.#adsService(), this.#statusService()],
          authorise: createAuthoriser(config),
        },
      ],
      material: () => this.#upstreams.certificate.current(),
      logger,
      metrics,
      clock,
      // Concatenated FileDescriptorSets are one FileDescriptorSet (protobuf encoding, «Last one wins» and repeated fields).
      descriptorSet: Buffer.concat([loadSignetDescriptorSet(), loadEnvoyDescriptorSet()]),
    });
  }

  async start(): Promise<void> {
    const ports = await this.#server.start();
    this.#deps.logger.info({ port: ports.get('config') }, 'listening for proxies');
    this.#upstreams.certificate.start();
    this.#followers = [this.#followAll()];
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs);
    this.#sweeper.unref();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#sweeper);
    this.#pipeline.stop();
    // Proxies keep what they have and come back to another replica; nothing is to be finished for them.
    await this.#server.stop(500);
    await this.#upstreams.close();
    await Promise.all(this.#followers);
  }

  isReady(): boolean {
    return (
      this.#pipeline.isReady() && this.#issuances.isSynced() && this.#upstreams.certificate.current() !== undefined
    );
  }

  async #followAll(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await this.#upstreams.certificate.ready(signal);
    } catch {
      return;
    }
    const { logger } = this.#deps;
    const { inventory, ledger, authority } = this.#upstreams;
    await Promise.all([
      followInventory({
        watch: inventory.WatchInventory,
        onSnapshot: (snapshot) => this.#onSnapshot(snapshot),
        logger,
        signal,
      }),
      followStream<IssuanceEvent__Output>({
        name: 'issuances',
        logger,
        signal,
        open: (ended) => ledger.WatchIssuances({ afterSequence: this.#issuances.sequence() }, { signal: ended }),
        onOpen: () => {},
        onMessage: (event) => {
          this.#issuances.apply(event);
          this.#updateServing();
        },
      }),
      followStream<TrustBundle__Output>({
        name: 'trust bundle',
        logger,
        signal,
        open: (ended) => authority.WatchTrustBundle({}, { signal: ended }),
        onOpen: () => {},
        onMessage: ({ roots }) => {
          if (roots.length > 0) this.#pipeline.setRoots(`${roots.map((root) => root.trim()).join('\n')}\n`);
          this.#updateServing();
        },
      }),
    ]);
  }

  #onSnapshot(snapshot: InventorySnapshot): void {
    this.#pipeline.setSnapshot(snapshot);
    this.#changes.emit('snapshot');
    this.#updateServing();
    this.#closeGone(snapshot);
  }

  #updateServing(): void {
    this.#server.setServing(this.isReady());
  }

  /** A deleted pod's connection ends, unless the source has gone silent. */
  #closeGone(snapshot: InventorySnapshot): void {
    if (snapshot.isStale) return;
    const isGone = (podUid: string): boolean => {
      const phase = snapshot.workloads.get(podUid)?.phase;
      return phase === undefined || phase === 'Succeeded' || phase === 'Failed';
    };
    const doomed = new Set(
      [...this.#registry.all()]
        .filter(({ identity }) => isGone(identity.podUid))
        .map(({ connectionId }) => connectionId),
    );
    this.#registry.forgetPods(isGone);
    if (doomed.size === 0) return;
    const count = this.#server.closeConnections((_peer, connectionId) => doomed.has(connectionId));
    this.#events.connectionsClosed({ cause: 'pod-gone', count });
  }

  #sweep(): void {
    const now = this.#deps.clock.now();
    this.#sweeps += 1;
    if (this.#sweeps % sweepsPerPrune === 0) this.#issuances.prune(now);
    const count = this.#server.closeConnections((peer) => peer !== undefined && peer.notAfter <= now);
    this.#events.connectionsClosed({ cause: 'certificate-expired', count });
    this.#updateServing();
  }

  #adsService(): ServiceRegistration {
    const { config, clock } = this.#deps;
    return createAdsService({
      registry: this.#registry,
      clock,
      limits: { drainMs: config.config.drainSeconds * 1000 },
      identify: (node, context) => this.#identify(node, context),
      desiredFor: (proxy) => this.#pipeline.desiredFor(proxy),
      onOpen: (proxy) => this.#events.proxyConnected(proxy),
      onClose: (proxy) => {
        this.#events.proxyGone(proxy);
        this.#pipeline.noteProgress();
      },
      onEvent: (proxy, event) => {
        this.#events.streamEvent(proxy, event, clock.now().getTime());
        this.#pipeline.noteProgress();
      },
      onSent: (_proxy, typeUrl, sizeBytes) => this.#events.responseSent(typeUrl, sizeBytes),
    });
  }

  #identify(node: ProxyNode, context: CallContext) {
    return identifyStream(
      {
        issuances: this.#issuances,
        snapshot: () => this.#pipeline.snapshot(),
        nextSnapshot: (ms, signal) => this.#nextSnapshot(ms, signal),
        trustDomain: this.#deps.config.trustDomain,
        elapsedMs: () => performance.now(),
      },
      node,
      context,
    );
  }

  async #nextSnapshot(ms: number, signal: AbortSignal): Promise<void> {
    await once(this.#changes, 'snapshot', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(ms))]),
    }).catch(() => {});
  }

  #statusService(): ServiceRegistration {
    const { clock } = this.#deps;
    return service(proxyStatus, {
      ListProxies: createListProxies(this.#registry),
      ListPolicyStatus: createListPolicyStatus(this.#pipeline),
      WaitForRevision: createWaitForRevision((target) =>
        judgeConvergence({
          target,
          final: this.#pipeline.finalRevision(),
          snapshot: this.#pipeline.snapshot(),
          registry: this.#registry,
          nowMs: clock.now().getTime(),
        }),
      ),
    });
  }
}
