// SPDX-License-Identifier: Apache-2.0
import {
  controlPlanePorts,
  defaultRootNamespace,
  defaultTrustDomain,
  istioTokenAudience,
  tokenAudience,
} from '@signet/model';
import { z } from 'zod';
import { secretText } from './config-leaves.ts';

const text = (description: string) => z.string().min(1).describe(description);
const address = (description: string) =>
  z
    .string()
    .regex(/^(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/i, 'expected host:port')
    .describe(description);
const account = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'expected namespace/service-account')
    .describe(description);

const controlPlane = z.strictObject({
  accounts: z
    .array(account('account'))
    .min(1)
    .default([`${defaultRootNamespace}/signetd`])
    .describe('Service accounts, as namespace/name, whose certificates count as control plane.'),
  account: account('Service account under which this process runs.').default(`${defaultRootNamespace}/signetd`),
  tokenFile: text(
    'File with this process’s own service account token (audience signet.dev); read again at each use.',
  ).optional(),
  caAddress: address('Token listener of the CA.').default(`127.0.0.1:${controlPlanePorts.caToken}`),
  caMtlsAddress: address('mTLS listener of the CA.').default(`127.0.0.1:${controlPlanePorts.caMtls}`),
  discoveryAddress: address('gRPC listener of discovery.').default(`127.0.0.1:${controlPlanePorts.discoveryGrpc}`),
});

const tokens = z
  .strictObject({
    issuer: text('Issuer of service account tokens, as in their `iss` claim.'),
    jwksFile: text('File with the issuer’s public keys; read again when it changes.').optional(),
    jwksUrl: z.url().describe('Address of the issuer’s public keys; instead of jwksFile.').optional(),
    jwksCaFile: text('Roots that the server of jwksUrl is judged by.').optional(),
    jwksTokenFile: text('Bearer token for jwksUrl.').optional(),
    audiences: z
      .array(z.string().min(1))
      .min(1)
      .default([tokenAudience, istioTokenAudience])
      .describe('Audiences of which a token must have one.'),
  })
  .refine((value) => (value.jwksFile === undefined) !== (value.jwksUrl === undefined), {
    message: 'exactly one of jwksFile and jwksUrl is needed',
    path: ['jwksFile'],
  });

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('manifests').describe('Where the cluster is read from.'),
    directories: z.array(z.string().min(1)).min(1).describe('Directories of Kubernetes manifests; watched.'),
  }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    kubeconfig: text('kubeconfig file; without it the service account of the pod is used.').optional(),
  }),
]);

const database = z.strictObject({
  url: secretText('postgres:// URL; instead of the settings below.').optional(),
  host: text('Host, or directory of the Unix socket.').optional(),
  port: z.int().min(1).max(65_535).describe('Port; also part of the name of the Unix socket.').optional(),
  database: text('Name of the database.').optional(),
  user: text('Role.').optional(),
  password: secretText('Password of the role.').optional(),
});

/** The settings that all server components share, to be spread into a strict object with a component's own. */
export const meshConfigShape = {
  trustDomain: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/, 'expected a SPIFFE trust domain')
    .default(defaultTrustDomain)
    .describe('SPIFFE trust domain of the mesh.'),
  rootNamespace: text('Namespace of mesh-wide policies.').default(defaultRootNamespace),
  controlPlane: controlPlane.prefault({}),
  operators: z
    .strictObject({
      accounts: z
        .array(account('account'))
        .default([`${defaultRootNamespace}/signet-operator`])
        .describe('Service accounts, as namespace/name, that may read and operate everything.'),
    })
    .prefault({}),
  trustBundleFile: text('PEM file of the roots: written by ca, polled by everything else.'),
  listen: z
    .strictObject({
      host: text('Address to listen on.').default('0.0.0.0'),
      portBase: z.int().min(0).max(65_500).default(15_000).describe('Port 150xx becomes portBase + xx.'),
      healthPort: z
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .describe('Port of health and metrics; portBase + 14 unless set. Two processes on one address need two.'),
    })
    .prefault({}),
  tokens: tokens.optional(),
  source: source.optional(),
  database: database.optional(),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
        .default('info')
        .describe('Least severe line written.'),
    })
    .prefault({}),
};

/** Schema of the shared settings alone. */
export const meshConfigSchema = z.strictObject(meshConfigShape);

/** The settings that all server components share. */
export type MeshConfig = z.infer<typeof meshConfigSchema>;

/** Port of a control-plane listener under `listen.portBase`; base 0 lets the system pick each. */
export function listenPort(config: Pick<MeshConfig, 'listen'>, name: keyof typeof controlPlanePorts): number {
  if (name === 'health' && config.listen.healthPort !== undefined) return config.listen.healthPort;
  return config.listen.portBase === 0 ? 0 : config.listen.portBase + (controlPlanePorts[name] - 15_000);
}
