// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net';
import type { CertificateClient, RootsFile } from '@signet/identity';
import { trafficReports } from '@signet/proto/services';
import { createChannel, createClient, type Channel } from '@signet/runtime/client';
import {
  createMetrics,
  createUnixGrpcServer,
  untypedService,
  type ServiceRegistration,
} from '@signet/runtime/local-server';
import { accessLogService } from './als/service-definition.ts';
import { createFlowAggregator, type FlowAggregator } from './als/flow-aggregator.ts';
import { createTrafficReporter, type TrafficReporter } from './als/traffic-reporter.ts';
import type { AgentDeps } from './app.ts';
import { createEnvoyAdmin } from './envoy/admin.ts';
import { rootsSecret, servingSecret, workloadSecret } from './envoy/bootstrap.ts';
import { createEnvoySupervisor } from './envoy/supervisor.ts';
import { createAgentEvents, type AgentEvents } from './events.ts';
import { createDeltaSecrets } from './grpc/delta-secrets.ts';
import { createFetchSecrets } from './grpc/fetch-secrets.ts';
import { createStreamAccessLogs } from './grpc/stream-access-logs.ts';
import { createStreamSecrets } from './grpc/stream-secrets.ts';
import { encodeKeyPair, encodeRoots } from './sds/encode-secret.ts';
import { createSecretStore, type SecretStore } from './sds/secret-store.ts';
import { secretDiscoveryService } from './sds/service-definition.ts';
import { createStatusServer } from './status/status-server.ts';

/** Envoy and everything that it needs beside it. */
export interface Sidecar {
  /** Resolves when the socket and the status port listen; Envoy follows with the first certificate. */
  start(): Promise<void>;
  stop(options: { readonly drain: boolean }): Promise<void>;
  /** Resolves with the cause when Envoy cannot be run at all. */
  readonly failed: Promise<unknown>;
}

/** What the sidecar works with. */
export interface SidecarDeps extends AgentDeps {
  readonly roots: RootsFile;
  readonly workload: CertificateClient;
  /** Makes the client of the serving certificate; called when somebody asks for that secret. */
  readonly createServing: () => CertificateClient;
}

/** Log entries reach the agent this long after the call, at most: the flush interval of the access loggers, and some. */
const accessLogSettleMs = 350;
const socketMode = 0o600;

/** Creates the sidecar; nothing listens or runs before `start`. */
export function createSidecar(deps: SidecarDeps): Sidecar {
  const { config, logger, roots, workload } = deps;
  const metrics = createMetrics('agent');
  const events = createAgentEvents({ logger, metrics });
  const secrets = createPodSecrets(deps);
  const flows = createFlowAggregator();
  const socket = createUnixGrpcServer({
    socketPath: config.socketPath,
    mode: socketMode,
    services: [
      registerSecrets(secrets.store, deps),
      registerAccessLogs({ ...deps, flows, events, serving: secrets.serving }),
    ],
    logger,
  });
  const reports = createReports({ ...deps, flows, events });
  const admin = createEnvoyAdmin(config.envoy.adminPort);
  const envoy = createEnvoySupervisor({ config, admin, logger, onUnexpectedExit: events.envoyEnded });
  const status = createStatusServer({
    host: isIPv6(config.pod.ip) ? '::' : '0.0.0.0',
    port: config.statusPort,
    probes: config.probes,
    async missing() {
      if (roots.current() === undefined) return ['trust bundle'];
      if (workload.current() === undefined) return ['certificate'];
      return (await admin.isLive()) ? [] : ['Envoy'];
    },
    renderMetrics: () => metrics.render(),
  });
  const killEnvoy = (): void => envoy.kill();
  const stopping = new AbortController();
  const failed = Promise.withResolvers<unknown>();
  metrics
    .gauge('certificate_expiry_seconds', 'Seconds until the workload certificate expires; 0 without one.')
    .collect(() => secondsLeft(deps));
  metrics.gauge('flows_pending', 'Distinct flows that wait to be reported.').collect(() => flows.size());

  async function startEnvoy(): Promise<void> {
    try {
      // Envoy backs off for long when its first request for a secret finds nobody or nothing.
      await workload.ready(stopping.signal);
      reports.reporter.start();
      await envoy.start();
    } catch (cause) {
      if (!stopping.signal.aborted) failed.resolve(cause);
    }
  }

  return {
    failed: failed.promise,
    async start() {
      process.on('exit', killEnvoy);
      await Promise.all([socket.start(), status.start()]);
      void startEnvoy();
    },
    async stop(options) {
      stopping.abort();
      await envoy.stop(options);
      await reports.reporter.stop();
      reports.channel.close();
      await secrets.stop();
      await Promise.all([socket.stop(200), status.stop()]);
      process.off('exit', killEnvoy);
    },
  };
}

function secondsLeft({ workload, clock }: SidecarDeps): number {
  const material = workload.current();
  return material === undefined ? 0 : (material.notAfter.getTime() - clock.now().getTime()) / 1_000;
}

interface PodSecrets {
  readonly store: SecretStore;
  /** Client of the serving certificate; undefined until somebody asked for it. */
  serving(): CertificateClient | undefined;
  stop(): Promise<void>;
}

/** Keeps the secrets in step with the certificates and the roots. */
function createPodSecrets({ roots, workload, createServing }: SidecarDeps): PodSecrets {
  let serving: CertificateClient | undefined;
  const follow = (name: string, client: CertificateClient): void => {
    client.onChange((material) => store.set(encodeKeyPair(name, material)));
    const present = client.current();
    if (present !== undefined) store.set(encodeKeyPair(name, present));
  };
  const store = createSecretStore({
    [workloadSecret]: () => undefined,
    [rootsSecret]: () => undefined,
    [servingSecret]() {
      serving = createServing();
      follow(servingSecret, serving);
      serving.start();
    },
  });
  follow(workloadSecret, workload);
  const setRoots = (rootsPem: string): void => store.set(encodeRoots(rootsSecret, rootsPem));
  roots.onChange(setRoots);
  const presentRoots = roots.current();
  if (presentRoots !== undefined) setRoots(presentRoots);
  return {
    store,
    serving: () => serving,
    async stop() {
      await serving?.stop();
    },
  };
}

function registerSecrets(store: SecretStore, { logger }: SidecarDeps): ServiceRegistration {
  return untypedService(secretDiscoveryService, {
    StreamSecrets: createStreamSecrets({ store, logger }),
    DeltaSecrets: createDeltaSecrets({ store, logger }),
    FetchSecrets: createFetchSecrets({ store, logger }),
  });
}

interface FlowDeps extends SidecarDeps {
  readonly flows: FlowAggregator;
  readonly events: AgentEvents;
}

function registerAccessLogs(
  deps: FlowDeps & { readonly serving: () => CertificateClient | undefined },
): ServiceRegistration {
  const { workload, serving, flows, events, clock } = deps;
  return untypedService(accessLogService, {
    StreamAccessLogs: createStreamAccessLogs({
      flows,
      events,
      clock,
      localSerial: (transport) => {
        const client = transport === 'tls' ? serving() : transport === 'mtls' ? workload : undefined;
        return client?.current()?.serial ?? '';
      },
    }),
  });
}

function createReports(deps: FlowDeps): { readonly reporter: TrafficReporter; readonly channel: Channel } {
  const { config, logger, workload, roots, flows, events } = deps;
  const channel = createChannel({
    address: config.discoveryAddress,
    material: () => workload.current(),
    rootsPem: roots.current,
    expectedServerIds: config.controlPlaneIds,
  });
  const client = createClient(trafficReports, channel);
  const reporter = createTrafficReporter({
    flows,
    openStream: () => client.ReportTraffic(),
    intervalMs: config.reportIntervalSeconds * 1_000,
    settleMs: accessLogSettleMs,
    logger,
    onUncertain: events.callsUncertain,
  });
  return { reporter, channel };
}
