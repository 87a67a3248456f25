// SPDX-License-Identifier: Apache-2.0

/** Names that design §10 fixes. */
export const defaultTrustDomain = 'cluster.local';
export const defaultRootNamespace = 'signet-system';
export const tokenAudience = 'signet.dev';
export const istioTokenAudience = 'istio-ca';
export const agentSocketPath = '/var/run/secrets/workload-spiffe-uds/socket';

/** Ports of the control plane; `--port-base N` maps 150xx to N + xx. */
export const controlPlanePorts = {
  caMtls: 15011,
  caToken: 15012,
  health: 15014,
  config: 15016,
  injector: 15017,
  discoveryGrpc: 15022,
  discoveryRest: 15023,
} as const;

/** Ports of the proxy inside a pod; the same as Istio's. */
export const proxyPorts = { admin: 15000, outbound: 15001, inbound: 15006, status: 15021 } as const;

/** Labels and annotations. */
export const labels = {
  inject: 'signet.dev/inject',
  istioInjection: 'istio-injection',
  istioPodInject: 'sidecar.istio.io/inject',
} as const;

/** Set by whatever adds the agent (injector, playground); a pod without it carries no agent. */
export const agentAnnotation = 'signet.dev/agent';
/** Calls that `demo -- --once` makes from a workload; format in docs/demo.md. */
export const callsAnnotation = 'signet.dev/calls';
