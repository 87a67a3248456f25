// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import { agentSocketPath, controlPlanePorts, defaultTrustDomain, proxyPorts } from '@signet/model';
import type { ContainerSpec, PodObject, Probe } from '../controller/kubernetes-objects.ts';
import { networkPlan } from '../network-plan.ts';
import { issuanceRecordName } from './issuance-records.ts';
import { probePort } from './probe-call.ts';

/** Program of the agent. */
export const agentProgram = path.resolve(import.meta.dirname, '../../../agent/src/main.ts');
/** Identity of the playground's control plane. */
export const controlPlaneId = `spiffe://${defaultTrustDomain}/ns/signet-system/sa/signetd`;

/** Where the agent of a pod finds its things. */
export interface AgentPlace {
  /** Directory of the pod below the state directory. */
  readonly directory: string;
  readonly podIp: string;
  readonly envoyBinary: string;
}

/** Configuration file of a pod's agent. */
export function agentSettings(pod: PodObject, place: AgentPlace): Record<string, unknown> {
  const address = (port: number): string => `${networkPlan.gateway}:${port}`;
  const { metadata, spec } = pod;
  return {
    trustDomain: defaultTrustDomain,
    pod: {
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      ip: place.podIp,
      node: spec?.nodeName ?? '',
      serviceAccount: spec?.serviceAccountName ?? 'default',
    },
    caAddress: address(controlPlanePorts.caToken),
    caMtlsAddress: address(controlPlanePorts.caMtls),
    configAddress: address(controlPlanePorts.config),
    discoveryAddress: address(controlPlanePorts.discoveryGrpc),
    controlPlaneIds: [controlPlaneId],
    tokenFile: '/var/run/secrets/tokens/signet-token',
    trustBundleFile: '/var/run/secrets/signet.dev/roots.pem',
    socketPath: agentSocketPath,
    statusPort: proxyPorts.status,
    envoy: {
      binary: place.envoyBinary,
      adminPort: proxyPorts.admin,
      concurrency: 1,
      drainTimeSeconds: 5,
      proxyMark: networkPlan.proxyMark,
      baseIdDirectory: path.join(place.directory, 'envoy'),
      logPath: path.join(place.directory, 'logs', 'envoy.log'),
    },
    recordFile: path.join(place.directory, issuanceRecordName),
    probes: Object.fromEntries(
      (spec?.containers ?? []).map((container) => [container.name, rewrittenProbes(container)]),
    ),
  };
}

function rewrittenProbes(container: ContainerSpec): Record<string, unknown> {
  const entries = {
    livez: container.livenessProbe,
    readyz: container.readinessProbe,
    startupz: container.startupProbe,
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([kind, probe]) => {
      const rewritten = probe === undefined ? undefined : rewrittenProbe(probe, container);
      return rewritten === undefined ? [] : [[kind, rewritten]];
    }),
  );
}

function rewrittenProbe(probe: Probe, container: ContainerSpec): Record<string, unknown> | undefined {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  if (probe.httpGet !== undefined) {
    const { path: httpPath = '/', port, scheme = 'HTTP', httpHeaders = [] } = probe.httpGet;
    return {
      httpGet: {
        path: httpPath,
        port: probePort(port, container),
        scheme,
        httpHeaders: httpHeaders.map(({ name, value }) => ({ name, value })),
      },
      timeoutSeconds,
    };
  }
  if (probe.tcpSocket !== undefined)
    return { tcpSocket: { port: probePort(probe.tcpSocket.port, container) }, timeoutSeconds };
  if (probe.grpc !== undefined)
    return { grpc: { port: probe.grpc.port, service: probe.grpc.service ?? '' }, timeoutSeconds };
  return undefined;
}
