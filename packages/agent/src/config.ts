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
  binary: z.string().min(1).describe('Absolute path of the Envoy program.'),
  adminPort: port.default(15_000).describe('Port of the admin endpoint on 127.0.0.1.'),
  concurrency: z.number().int().min(1).max(64).default(1).describe('Worker threads.'),
  drainTimeSeconds: z
    .number()
    .int()
    .min(0)
    .max(3_600)
    .default(5)
    .describe('Connections whose policy changed are cut after this long; also the longest drain at the end.'),
  proxyMark: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('SO_MARK of every upstream socket, where the capture exempts the proxy by mark and not by user.'),
  baseIdDirectory: z
    .string()
    .min(1)
    .optional()
    .describe('Directory of Envoy’s bootstrap and pid file; the directory of the socket when absent.'),
  logPath: z.string().min(1).optional().describe('File of Envoy’s log; the agent’s standard error when absent.'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'])
    .default('warning')
    .describe('Least severe line of Envoy’s log.'),
});

/** Configuration of the agent; environment SIGNET_A_B for a.b. */
export const agentConfigShape = z.strictObject({
  trustDomain: z.string().min(1).default('cluster.local').describe('SPIFFE trust domain of the mesh.'),
  pod: z.strictObject({
    namespace: z.string().min(1).describe('Namespace of the pod.'),
    name: z.string().min(1).describe('Name of the pod.'),
    uid: z.string().min(1).describe('UID of the pod.'),
    ip: z.union([z.ipv4(), z.ipv6()]).describe('Address of the pod.'),
    node: z.string().default('').describe('Node on which it runs.'),
    serviceAccount: z.string().min(1).describe('Account under which it runs.'),
  }),
  caAddress: address.describe('Token listener of the CA.'),
  caMtlsAddress: address.describe('mTLS listener of the CA.'),
  configAddress: address.describe('xDS listener.'),
  discoveryAddress: address.describe('Where access logs are reported.'),
  controlPlaneIds: z
    .array(z.string().startsWith('spiffe://'))
    .min(1)
    .describe('SPIFFE ids of which CA, config and discovery must each present one.'),
  tokenFile: z.string().min(1).describe('Projected service account token, read again at each use.'),
  trustBundleFile: z.string().min(1).describe('PEM roots, polled.'),
  socketPath: z
    .string()
    .min(1)
    .max(107, 'a Unix socket path has at most 107 bytes')
    .default('/var/run/secrets/workload-spiffe-uds/socket')
    .describe('Unix socket of SDS and access logs.'),
  statusPort: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(15_021)
    .describe('Port of health, metrics and rewritten probes; 0 picks a free one.'),
  envoy: envoyShape,
  lifetimeSeconds: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Lifetime to ask for; the CA’s default when absent.'),
  recordFile: z
    .string()
    .min(1)
    .optional()
    .describe('Append-only file of every certificate received, for tests that judge the CA’s ledger.'),
  reportIntervalSeconds: z.number().positive().default(10).describe('Time between two traffic reports.'),
  probes: z
    .record(
      z.string(),
      z.strictObject({ livez: probeShape.optional(), readyz: probeShape.optional(), startupz: probeShape.optional() }),
    )
    .default({})
    .describe('Original probes by container name, then livez, readyz or startupz.'),
  log: z
    .strictObject({ level: z.string().default('info').describe('Least severe line written.') })
    .default({ level: 'info' }),
});

/** Configuration of the agent. */
export type AgentConfig = z.infer<typeof agentConfigShape>;
/** A probe as the application declares it. */
export type Probe = z.infer<typeof probeShape>;

/** Where the agent keeps Envoy's bootstrap and pid. */
export function envoyDirectory(config: AgentConfig): string {
  return config.envoy.baseIdDirectory ?? path.dirname(config.socketPath);
}
