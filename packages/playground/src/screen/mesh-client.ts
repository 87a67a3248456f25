// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createCertificateClient } from '@signet/identity';
import { defaultRootNamespace, defaultTrustDomain, formatSpiffeId } from '@signet/model';
import {
  inventory,
  proxyStatus,
  type Edge__Output,
  type Endpoint__Output,
  type Finding__Output,
  type Policy__Output,
  type PolicyStatus__Output,
  type Proxy__Output,
  type Workload__Output,
} from '@signet/proto';
import { createChannel, createClient, createLogger, systemClock } from '@signet/runtime';
import type { Context } from '../launcher/context-file.ts';

/** What the APIs say about the mesh at one time. */
export interface MeshView {
  readonly workloads: readonly Workload__Output[];
  readonly endpoints: readonly Endpoint__Output[];
  readonly edges: readonly Edge__Output[];
  readonly findings: readonly Finding__Output[];
  readonly policies: readonly Policy__Output[];
  readonly fileProblems: readonly string[];
  readonly policyStatuses: readonly PolicyStatus__Output[];
  readonly proxies: readonly Proxy__Output[];
}

/** Asks discovery and config as the operator. */
export interface MeshClient {
  view(): Promise<MeshView>;
  /** Pods as discovery sees them, without the rest. */
  workloads(): Promise<readonly Workload__Output[]>;
  /** Waits until every connected proxy has acknowledged the newest state; pods as namespace/name. */
  settle(timeoutMs: number): Promise<{
    readonly done: boolean;
    readonly acked: readonly string[];
    readonly nacked: readonly string[];
    readonly pending: readonly string[];
  }>;
  close(): Promise<void>;
}

const operatorId = formatSpiffeId({
  trustDomain: defaultTrustDomain,
  namespace: defaultRootNamespace,
  serviceAccount: 'signet-operator',
});
const callTimeoutMs = 10_000;
const certificateLifetimeSeconds = 3600;

/** Connects to the public APIs of a playground; config takes certificates only, so the operator gets one from the CA. */
export function connectMesh(context: Context): MeshClient {
  const rootsPem = (): string | undefined => readIfThere(context.rootsFile);
  const token = (): string => readIfThere(context.tokenFile)?.trim() ?? '';
  const certificate = createCertificateClient({
    caAddress: context.caToken,
    caMtlsAddress: context.caMtls,
    token,
    rootsPem,
    caServerIds: context.controlPlaneIds,
    expectedSpiffeId: operatorId,
    profile: 'workload',
    lifetimeSeconds: certificateLifetimeSeconds,
    logger: createLogger({ component: 'demo', level: 'fatal' }),
    clock: systemClock,
  });
  certificate.start();
  const expectedServerIds = context.controlPlaneIds;
  const discoveryChannel = createChannel({ address: context.discoveryGrpc, rootsPem, expectedServerIds, token });
  const configChannel = createChannel({
    address: context.configGrpc,
    rootsPem,
    expectedServerIds,
    material: () => certificate.current(),
  });
  const discovery = createClient(inventory, discoveryChannel);
  const config = createClient(proxyStatus, configChannel);
  const control = { timeoutMs: callTimeoutMs };
  const all = { namespace: '' };
  return {
    workloads: async () => (await discovery.ListWorkloads(all, control)).workloads,
    async view() {
      const [workloads, endpoints, edges, findings, policies, statuses, proxies] = await Promise.all([
        discovery.ListWorkloads(all, control),
        discovery.ListEndpoints(all, control),
        discovery.ListEdges(all, control),
        discovery.ListFindings(all, control),
        discovery.ListPolicies(all, control),
        config.ListPolicyStatus({}, control),
        config.ListProxies(all, control),
      ]);
      return {
        workloads: workloads.workloads,
        endpoints: endpoints.endpoints,
        edges: edges.edges,
        findings: findings.findings,
        policies: policies.policies,
        fileProblems: policies.fileProblems,
        policyStatuses: statuses.policies,
        proxies: proxies.proxies,
      };
    },
    async settle(timeoutMs) {
      const { revision } = await discovery.Resync({}, control);
      const timeout = { seconds: Math.ceil(timeoutMs / 1000), nanos: 0 };
      return config.WaitForRevision(
        { ...(revision === null ? {} : { revision }), timeout },
        { timeoutMs: timeoutMs + callTimeoutMs },
      );
    },
    async close() {
      discoveryChannel.close();
      configChannel.close();
      await certificate.stop();
    },
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
