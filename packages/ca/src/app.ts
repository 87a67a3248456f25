// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { LedgerEntry } from '@signet/pki';
import { createChannel, type App, type Clock, type GrpcServer, type Logger, type Metrics } from '@signet/runtime';
import { createAccounts, type Accounts } from './accounts.ts';
import { createAttestor } from './attestation/attest-caller.ts';
import { createPodChecker } from './attestation/check-pod.ts';
import { createTokenJudge, type TokenJudge } from './attestation/token-judge.ts';
import { createAuthorise } from './authorise.ts';
import type { CaContext } from './ca-context.ts';
import { createCaServer } from './ca-server.ts';
import { createCertificateIssuer } from './certificate-issuer.ts';
import type { CaConfig } from './config.ts';
import { createConnectionGuard } from './connection-guard.ts';
import { createCaEvents, type CaEvents } from './events.ts';
import { createInventoryFollower, type InventoryFollower } from './inventory/inventory-follower.ts';
import { createLivePods, type LivePods } from './inventory/live-pods.ts';
import { PodDirectory } from './inventory/pod-directory.ts';
import { createIssueCertificate, type IssueCertificate } from './issue-certificate.ts';
import { createOwnCertificate, type OwnCertificate } from './own-certificate.ts';
import { openPersistence, type Persistence } from './persistence.ts';
import { createRefusalRecorder, type RefusalRecorder } from './refusal-recorder.ts';
import { createServingNames, type ServingNames } from './serving-names.ts';

/** What the CA is given. */
export interface CaDeps {
  readonly config: CaConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** The CA as a part of a process. */
export interface CaApp extends App {
  /** Ports in use after start, by listener: `token` and `mtls`. */
  ports(): ReadonlyMap<string, number>;
}

/** What exists once the database has answered. */
interface Running {
  readonly persistence: Persistence;
  readonly own: OwnCertificate;
  readonly server: GrpcServer;
  readonly follower: InventoryFollower;
}

class CertificateAuthorityApp implements CaApp {
  readonly #deps: CaDeps;
  readonly #events: CaEvents;
  readonly #accounts: Accounts;
  readonly #guard = createConnectionGuard();
  readonly #directory: PodDirectory;
  readonly #livePods: LivePods | undefined;
  readonly #tokens: TokenJudge;
  readonly #servingNames: ServingNames;
  readonly #stopping = new AbortController();
  #starting: Promise<void> = Promise.resolve();
  #running: Running | undefined;
  #ports: ReadonlyMap<string, number> = new Map();

  constructor(deps: CaDeps) {
    const { config, clock } = deps;
    this.#deps = deps;
    this.#events = createCaEvents(deps);
    this.#accounts = createAccounts(config);
    this.#directory = new PodDirectory((podUid) => this.#endPod(podUid));
    this.#livePods = createLivePods(config, clock);
    this.#servingNames = createServingNames(this.#directory, config.ca.clusterDomain);
    this.#tokens = createTokenJudge({
      config,
      accounts: this.#accounts,
      isInventorySynced: () => this.#directory.isSynced,
      clock,
    });
  }

  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { config, logger, clock } = this.#deps;
    const persistence = await openPersistence({
      config,
      events: this.#events,
      logger,
      clock,
      signal: this.#stopping.signal,
    });
    const { authority, ledger } = persistence;
    const issuer = createCertificateIssuer({ authority, log: ledger, clock });
    const account = this.#ownAccount();
    const own = createOwnCertificate({
      authority,
      issuer,
      servingNames: this.#servingNames,
      account,
      lifetimeSeconds: config.ca.defaultLifetimeSeconds,
      clock,
      logger,
    });
    await own.start();
    const refusals = createRefusalRecorder({ log: persistence.refusalLog, events: this.#events, clock });
    const context: CaContext = {
      trustDomain: config.trustDomain,
      authority,
      ledger,
      refusals,
      refusalLog: persistence.refusalLog,
      clock,
      issueCertificate: this.#createUseCase({ persistence, refusals, issuer }),
    };
    const findIssuance = this.#finder(persistence);
    const authorise = createAuthorise({ accounts: this.#accounts, tokens: this.#tokens, findIssuance });
    const server = createCaServer({ deps: this.#deps, context, authorise, material: () => own.current() });
    const channel = createChannel({
      address: config.controlPlane.discoveryAddress,
      material: () => own.current(),
      rootsPem: () => authority.rootsPem.join(''),
      expectedServerIds: config.controlPlane.accounts.map((name) => this.#idOfAccount(name)),
    });
    const follower = createInventoryFollower({ channel, directory: this.#directory, clock, logger });
    this.#running = { persistence, own, server, follower };
    follower.start();
    this.#ports = await server.start();
    server.setServing(true);
    logger.info({ tokenPort: this.#ports.get('token'), mtlsPort: this.#ports.get('mtls') }, 'CA serves');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#starting.catch(() => undefined);
    const running = this.#running;
    if (running !== undefined) {
      running.own.stop();
      await running.server.stop();
      await running.follower.stop();
      await running.persistence.close();
    }
    this.#tokens.close();
    await this.#livePods?.close();
  }

  isReady(): boolean {
    return this.#running?.own.current() !== undefined && this.#ports.size > 0;
  }

  ports(): ReadonlyMap<string, number> {
    return this.#ports;
  }

  #createUseCase(o: {
    persistence: Persistence;
    refusals: RefusalRecorder;
    issuer: ReturnType<typeof createCertificateIssuer>;
  }): IssueCertificate {
    const { config, clock } = this.#deps;
    const { defaultLifetimeSeconds, maxLifetimeSeconds, requestsMax } = config.ca;
    const attestor = createAttestor({
      accounts: this.#accounts,
      tokens: this.#tokens,
      pods: createPodChecker({ directory: this.#directory, livePods: this.#livePods, clock }),
      livePods: this.#livePods,
      isKubernetes: config.source?.kind === 'kubernetes',
      findIssuance: this.#finder(o.persistence),
      clock,
    });
    return createIssueCertificate({
      attestor,
      issuer: o.issuer,
      servingNames: this.#servingNames,
      refusals: o.refusals,
      events: this.#events,
      defaultLifetimeSeconds,
      maxLifetimeSeconds,
      requestsMax,
    });
  }

  /** Looks a peer's certificate up, and remembers whose connection it is. */
  #finder({ ledger }: Persistence): (serial: string) => Promise<LedgerEntry | undefined> {
    return async (serial) => {
      const entry = await ledger.find(serial);
      const podUid = entry?.issuance.identity.podUid ?? '';
      if (podUid !== '') this.#guard.note(serial, podUid);
      return entry;
    };
  }

  #endPod(podUid: string): void {
    const closed = this.#running?.server.closeConnections(this.#guard.matches(podUid)) ?? 0;
    if (closed > 0) this.#events.connectionsClosed(podUid, closed);
  }

  #ownAccount(): { spiffeId: ReturnType<Accounts['idOf']>; namespace: string; serviceAccount: string } {
    const [namespace = '', serviceAccount = ''] = this.#deps.config.controlPlane.account.split('/');
    return { spiffeId: this.#accounts.idOf(namespace, serviceAccount), namespace, serviceAccount };
  }

  #idOfAccount(name: string): string {
    const [namespace = '', serviceAccount = ''] = name.split('/');
    return this.#accounts.idOf(namespace, serviceAccount);
  }
}

/** Creates the CA. It starts before or after discovery and the database; it serves as soon as the database answers. */
export function createCaApp(deps: CaDeps): CaApp {
  const { accounts, account } = deps.config.controlPlane;
  if (!accounts.includes(account)) {
    throw new SignetError('REQUEST_INVALID', `controlPlane.account: «${account}» must be one of controlPlane.accounts`);
  }
  return new CertificateAuthorityApp(deps);
}
