// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { createCertificateClient, createRootsFile, type CertificateClient, type RootsFile } from '@signet/identity';
import {
  createKubeClient,
  createKubernetesSource,
  createManifestSource,
  createTokenReviewer,
  loadKubeConfig,
  type ClusterSource,
} from '@signet/kube';
import { tokenAudience } from '@signet/model';
import { inventory, loadSignetDescriptorSet, trafficReports } from '@signet/proto';
import {
  createChannel,
  createGrpcServer,
  createTokenVerifier,
  listenPort,
  service,
  type App,
  type Channel,
  type Clock,
  type GrpcServer,
  type Logger,
  type Metrics,
  type TokenVerifier,
} from '@signet/runtime';
import { createAuthorise, idsOfAccounts, type Authorise } from './authorise.ts';
import type { DiscoveryConfig } from './config.ts';
import type { DiscoveryContext } from './discovery-context.ts';
import { EdgeTable } from './edges/edge-table.ts';
import { TrafficReporters } from './edges/traffic-reporters.ts';
import { createDiscoveryEvents, type DiscoveryEvents } from './events.ts';
import { listEdges } from './grpc/list-edges.ts';
import { listEndpoints } from './grpc/list-endpoints.ts';
import { listFindings } from './grpc/list-findings.ts';
import { listPolicies } from './grpc/list-policies.ts';
import { listServices } from './grpc/list-services.ts';
import { listWorkloads } from './grpc/list-workloads.ts';
import { reportTraffic } from './grpc/report-traffic.ts';
import { resync } from './grpc/resync.ts';
import { watchInventory } from './grpc/watch-inventory.ts';
import { AttestationLoop } from './inventory/attestation-loop.ts';
import { createDiscoveryMemory, type DiscoveryMemory } from './inventory/discovery-memory.ts';
import { InventoryView } from './inventory/inventory-view.ts';
import { openMemoryStores, type OpenedStores } from './inventory/open-memory-stores.ts';
import { createLedgerFollower, type LedgerFollower } from './ledger/ledger-follower.ts';
import { createRestServer, type RestServer } from './rest/create-rest-server.ts';

/** What discovery is given. */
export interface DiscoveryDeps {
  readonly config: DiscoveryConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Discovery as a part of a process. */
export interface DiscoveryApp extends App {
  /** Ports in use, by name, after start: `grpc` and `rest`. */
  ports(): ReadonlyMap<'grpc' | 'rest', number>;
}

function createSource({ config, clock }: DiscoveryDeps, events: DiscoveryEvents): ClusterSource {
  const { source, trustDomain } = config;
  if (source === undefined) throw new Error('source: discovery needs to know where to read the cluster');
  if (source.kind === 'manifests') return createManifestSource({ directories: source.directories, trustDomain, clock });
  const client = createKubeClient(loadKubeConfig(source.kubeconfig));
  return createKubernetesSource({
    client,
    trustDomain,
    onWatchEnd: (kind, reason) => events.sourceEnded(kind, reason),
  });
}

/** Judges operators' tokens by the issuer's keys, or by the API server that issued them. */
function createVerifier({ config, clock }: DiscoveryDeps): Pick<TokenVerifier, 'verify'> | undefined {
  const { tokens, source } = config;
  const audiences = [tokenAudience];
  if (tokens !== undefined) {
    const { issuer, jwksFile, jwksUrl, jwksCaFile, jwksTokenFile } = tokens;
    if (jwksFile !== undefined) return createTokenVerifier({ issuer, audiences, jwks: { file: jwksFile }, clock });
    if (jwksUrl === undefined) return undefined;
    const files = {
      ...(jwksCaFile === undefined ? {} : { caFile: jwksCaFile }),
      ...(jwksTokenFile === undefined ? {} : { tokenFile: jwksTokenFile }),
    };
    return createTokenVerifier({ issuer, audiences, jwks: { url: jwksUrl, ...files }, clock });
  }
  if (source?.kind !== 'kubernetes') return undefined;
  const reviewer = createTokenReviewer({ client: createKubeClient(loadKubeConfig(source.kubeconfig)), audiences });
  return { verify: (token) => reviewer.review(token) };
}

interface Identity {
  readonly roots: RootsFile;
  readonly certificate: CertificateClient;
  /** To the CA's mTLS listener. */
  readonly channel: Channel;
}

function createIdentity({ config, logger, clock }: DiscoveryDeps): Identity {
  const { controlPlane, trustDomain, trustBundleFile } = config;
  const { tokenFile, caAddress, caMtlsAddress } = controlPlane;
  if (tokenFile === undefined) throw new Error('controlPlane.tokenFile: discovery needs its own service account token');
  const roots = createRootsFile(trustBundleFile);
  const caServerIds = idsOfAccounts(controlPlane.accounts, trustDomain);
  const [expectedSpiffeId = ''] = idsOfAccounts([controlPlane.account], trustDomain);
  const certificate = createCertificateClient({
    caAddress,
    caMtlsAddress,
    token: () => readFile(tokenFile, 'utf8'),
    rootsPem: () => roots.current(),
    caServerIds,
    expectedSpiffeId,
    profile: 'workload',
    logger,
    clock,
  });
  const channel = createChannel({
    address: caMtlsAddress,
    material: () => certificate.current(),
    rootsPem: () => roots.current(),
    expectedServerIds: caServerIds,
  });
  return { roots, certificate, channel };
}

function createServer(
  deps: DiscoveryDeps,
  parts: { context: DiscoveryContext; identity: Identity; authorise: Authorise },
): GrpcServer {
  const { config, logger, metrics, clock } = deps;
  const { context, identity, authorise } = parts;
  return createGrpcServer({
    listeners: [
      {
        name: 'discovery',
        host: config.listen.host,
        port: listenPort(config, 'discoveryGrpc'),
        clientCertificate: 'request',
        services: [
          service(inventory, {
            ListServices: listServices(context),
            ListWorkloads: listWorkloads(context),
            ListEndpoints: listEndpoints(context),
            ListPolicies: listPolicies(context),
            ListEdges: listEdges(context),
            ListFindings: listFindings(context),
            WatchInventory: watchInventory(context),
            Resync: resync(context),
          }),
          service(trafficReports, { ReportTraffic: reportTraffic(context) }),
        ],
        authorise,
      },
    ],
    material: () => identity.certificate.current(),
    logger,
    metrics,
    clock,
    descriptorSet: loadSignetDescriptorSet(),
  });
}

class Discovery implements DiscoveryApp {
  readonly #source: ClusterSource;
  readonly #identity: Identity;
  readonly #stores: OpenedStores;
  readonly #memory: DiscoveryMemory;
  readonly #follower: LedgerFollower;
  readonly #view = new InventoryView();
  readonly #reporters = new TrafficReporters();
  readonly #loop: AttestationLoop;
  readonly #server: GrpcServer;
  readonly #rest: RestServer;
  readonly #ports = new Map<'grpc' | 'rest', number>();
  #forgetSource: () => void = () => undefined;

  constructor(deps: DiscoveryDeps) {
    const { config, logger, clock } = deps;
    const events = createDiscoveryEvents(deps);
    const changed = (): void => this.#loop.schedule();
    this.#source = createSource(deps, events);
    this.#identity = createIdentity(deps);
    this.#stores = openMemoryStores(config.database, logger);
    this.#memory = createDiscoveryMemory(this.#stores.stores, events, changed);
    const { certificate, channel } = this.#identity;
    this.#follower = createLedgerFollower({
      channel,
      whenCertified: (signal) => certificate.ready(signal),
      events,
      clock,
      onChange: changed,
    });
    this.#loop = new AttestationLoop({
      source: this.#source,
      follower: this.#follower,
      memory: this.#memory,
      view: this.#view,
      events,
      clock,
      rootNamespace: config.rootNamespace,
      attestation: config.discovery.attestation,
    });
    const context: DiscoveryContext = {
      source: this.#source,
      view: this.#view,
      loop: this.#loop,
      follower: this.#follower,
      edges: new EdgeTable(),
      reporters: this.#reporters,
      events,
    };
    const authorise = createAuthorise(config, createVerifier(deps));
    this.#server = createServer(deps, { context, identity: this.#identity, authorise });
    this.#rest = createRestServer({
      host: config.listen.host,
      port: listenPort(config, 'discoveryRest'),
      context,
      authorise,
      material: () => this.#identity.certificate.current(),
      logger,
      clock,
    });
  }

  async start(): Promise<void> {
    this.#forgetSource = this.#source.onChange(() => this.#loop.schedule());
    this.#source.start();
    this.#identity.certificate.start();
    this.#follower.start();
    const [[, grpc] = ['grpc', 0] as const] = await this.#server.start();
    this.#ports.set('grpc', grpc);
    this.#ports.set('rest', await this.#rest.start());
    this.#server.setServing(true);
  }

  async stop(): Promise<void> {
    this.#forgetSource();
    this.#loop.stop();
    this.#view.close();
    this.#reporters.close();
    await Promise.all([this.#server.stop(), this.#rest.stop()]);
    await this.#follower.stop();
    await this.#source.stop();
    await this.#identity.certificate.stop();
    this.#identity.roots.stop();
    this.#identity.channel.close();
    await this.#memory.stop();
    await this.#stores.close();
  }

  isReady(): boolean {
    return this.#view.current().isSynced && this.#identity.certificate.current() !== undefined;
  }

  ports(): ReadonlyMap<'grpc' | 'rest', number> {
    return this.#ports;
  }
}

/** Creates discovery. It starts before or after the CA and the database; until both are there, endpoints are withheld. */
export function createDiscoveryApp(deps: DiscoveryDeps): DiscoveryApp {
  return new Discovery(deps);
}
