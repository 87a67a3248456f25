// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import { z } from 'zod';

const port = z.number().int().min(1).max(65_535);
const address = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'expected host:port');

/** What a container's probe was before it was rewritten to the agent. Ports are numbers: names are resolved by the rewriter. */
const probeShape = z.union([
  z.strictObject({
    httpGet: z.strictObject({
      path: z.string().startsWith('/').default('/'),
      port,
      scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP'),
      httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
    }),
    timeoutSeconds: z.number().positive().max(300).default(1),
  }),
  z.strictObject({
    tcpSocket: z.strictObject({ port }),
    timeoutSeconds: z.number().positive().max(300).default(1),
  }),
  z.strictObject({
    grpc: z.strictObject({ port, service: z.string().default('') }),
    timeoutSeconds: z.number().positive().max(300).default(1),
  }),
]);

const envoyShape = z.strictObject({
  /** Absolute path of the Envoy program. */
  binary: z.string().min(1),
  /** Port of the admin endpoint on 127.0.0.1. */
  adminPort: port.default(15_000),
  /** Worker threads. */
  concurrency: z.number().int().min(1).max(64).default(1),
  /** Connections whose policy changed are cut after this long; also the longest drain at the end. */
  drainTimeSeconds: z.number().int().min(0).max(3_600).default(5),
  /** SO_MARK of every upstream socket, where the capture exempts the proxy by mark and not by user. */
  proxyMark: z.number().int().positive().optional(),
  /** Directory of Envoy's bootstrap and pid file; the directory of the socket when absent. */
  baseIdDirectory: z.string().min(1).optional(),
  /** File of Envoy's log; the agent's standard error when absent. */
  logPath: z.string().min(1).optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off']).default('warning'),
});

/** Configuration of the agent; environment SIGNET_A_B for a.b. */
export const agentConfigShape = z.strictObject({
  trustDomain: z.string().min(1).default('cluster.local'),
  pod: z.strictObject({
    namespace: z.string().min(1),
    name: z.string().min(1),
    uid: z.string().min(1),
    ip: z.union([z.ipv4(), z.ipv6()]),
    node: z.string().default(''),
    serviceAccount: z.string().min(1),
  }),
  /** Token listener of the CA. */
  caAddress: address,
  /** mTLS listener of the CA. */
  caMtlsAddress: address,
  /** xDS listener. */
  configAddress: address,
  /** Where access logs are reported. */
  discoveryAddress: address,
  /** SPIFFE ids of which CA, config and discovery must each present one. */
  controlPlaneIds: z.array(z.string().startsWith('spiffe://')).min(1),
  /** Projected service account token, read again at each use. */
  tokenFile: z.string().min(1),
  /** PEM roots, polled. */
  trustBundleFile: z.string().min(1),
  /** Unix socket of SDS and access logs. */
  socketPath: z
    .string()
    .min(1)
    .max(107, 'a Unix socket path has at most 107 bytes')
    .default('/var/run/secrets/workload-spiffe-uds/socket'),
  /** Port of health, metrics and rewritten probes; 0 picks a free one. */
  statusPort: z.number().int().min(0).max(65_535).default(15_021),
  envoy: envoyShape,
  /** Lifetime to ask for; the CA's default when absent. */
  lifetimeSeconds: z.number().int().positive().optional(),
  /** Append-only file of every certificate received, for tests that judge the CA's ledger. */
  recordFile: z.string().min(1).optional(),
  /** Time between two traffic reports. */
  reportIntervalSeconds: z.number().positive().default(10),
  /** Original probes by container name, then livez, readyz or startupz. */
  probes: z
    .record(
      z.string(),
      z.strictObject({ livez: probeShape.optional(), readyz: probeShape.optional(), startupz: probeShape.optional() }),
    )
    .default({}),
  log: z.strictObject({ level: z.string().default('info') }).default({ level: 'info' }),
});

/** Configuration of the agent. */
export type AgentConfig = z.infer<typeof agentConfigShape>;
/** A probe as the application declares it. */
export type Probe = z.infer<typeof probeShape>;

/** Where the agent keeps Envoy's bootstrap and pid. */
export function envoyDirectory(config: AgentConfig): string {
  return config.envoy.baseIdDirectory ?? path.dirname(config.socketPath);
}
