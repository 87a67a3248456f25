// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { defaultRootNamespace, defaultTrustDomain, tokenAudience } from '@signet/model';
import { stringify } from 'yaml';
import { writeFileAtomically } from '../atomic-file.ts';
import { startProcess, type ManagedProcess } from '../child-process.ts';
import { networkPlan } from '../network-plan.ts';
import type { StatePaths } from '../state-paths.ts';
import type { ClusterBackend } from './cluster-backend.ts';
import type { Database } from './postgres.ts';

const program = path.resolve(import.meta.dirname, '../../../control-plane/src/main.ts');
const components = ['ca', 'discovery', 'config'] as const;

/** What the control plane is told. */
export interface ControlPlaneOptions {
  readonly paths: StatePaths;
  readonly database: Database;
  readonly backend: ClusterBackend;
  readonly attestation: boolean;
  /** One process for each service. */
  readonly isSplit: boolean;
  /** Token file of signet-system/signetd. */
  readonly tokenFile: string;
  readonly onRestart: (what: string) => void;
}

/** The processes of the control plane, started again whenever they end. */
export interface ControlPlane {
  stop(): Promise<void>;
}

/** Starts signetd in the cluster's namespace. */
export function startControlPlane(options: ControlPlaneOptions): ControlPlane {
  const groups = options.isSplit ? components.map((component) => [component]) : [[...components]];
  const supervised = groups.map((group, index) =>
    supervise(group, { ...options, healthPort: 15_014 + (options.isSplit ? 100 * index : 0) }),
  );
  return { stop: async () => void (await Promise.all(supervised.map((one) => one.stop()))) };
}

const firstBackoffMs = 100;
const maxBackoffMs = 5000;

function supervise(
  group: readonly string[],
  options: ControlPlaneOptions & { readonly healthPort: number },
): ControlPlane {
  const name = group.length === 1 ? `signetd-${group[0]}` : 'signetd';
  const configFile = path.join(options.paths.controlPlane, `${name}.yaml`);
  writeFileAtomically(configFile, stringify(controlPlaneSettings(options)), 0o600);
  let current: ManagedProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let backoffMs = firstBackoffMs;
  let isStopping = false;
  const start = (): void => {
    const startedAt = Date.now();
    current = startProcess({
      command: process.execPath,
      args: [program, ...group, '--config', configFile],
      env: { ...controlPlaneEnvironment(), POD_NAME: name },
      logFile: path.join(options.paths.logs, `${name}.log`),
    });
    void current.ended.then(({ code, signal }) => {
      if (isStopping) return;
      backoffMs = Date.now() - startedAt > 5000 ? firstBackoffMs : Math.min(backoffMs * 2, maxBackoffMs);
      options.onRestart(`${name} ended (${signal ?? code}); it is started again`);
      timer = setTimeout(start, backoffMs);
    });
  };
  start();
  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await current?.stop(8000);
    },
  };
}

function controlPlaneEnvironment(): Record<string, string> {
  const compileCache = process.env['NODE_COMPILE_CACHE'];
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '/tmp',
    ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
  };
}

function controlPlaneSettings(options: ControlPlaneOptions & { readonly healthPort: number }): Record<string, unknown> {
  const { paths, database } = options;
  const keyFile = path.join(paths.controlPlane, 'master.key');
  // Kept outside the database, which holds the CA's keys encrypted under it.
  if (!existsSync(keyFile)) writeFileAtomically(keyFile, `${randomBytes(32).toString('hex')}\n`, 0o600);
  const address = (port: number): string => `${networkPlan.gateway}:${port}`;
  const account = `${defaultRootNamespace}/signetd`;
  return {
    trustDomain: defaultTrustDomain,
    rootNamespace: defaultRootNamespace,
    controlPlane: {
      accounts: [account],
      account,
      tokenFile: options.tokenFile,
      caAddress: address(15_012),
      caMtlsAddress: address(15_011),
      discoveryAddress: address(15_022),
    },
    operators: { accounts: [`${defaultRootNamespace}/signet-operator`] },
    trustBundleFile: paths.rootsFile,
    listen: { host: networkPlan.gateway, portBase: 15_000, healthPort: options.healthPort },
    tokens: { issuer: options.backend.tokenIssuer, jwksFile: paths.jwksFile, audiences: [tokenAudience, 'istio-ca'] },
    source: options.backend.source,
    database: { host: database.host, database: database.database, port: 5432, user: database.user },
    ca: { keyFile },
    discovery: { attestation: options.attestation },
    config: { drainSeconds: 5 },
    log: { level: 'info' },
  };
}
