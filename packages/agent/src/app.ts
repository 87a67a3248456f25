// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { createCertificateClient, createRootsFile, type CertificateClient } from '@signet/identity';
import { formatSpiffeId, type CertificateProfile } from '@signet/model';
import type { App, Clock, Logger } from '@signet/runtime';
import type { AgentConfig } from './config.ts';
import type { Sidecar } from './sidecar.ts';

/** What the agent is made of. */
export interface AgentDeps {
  readonly config: AgentConfig;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The agent, with the choice of how to end. */
export interface AgentApp extends App {
  /** Makes `stop` end Envoy at once instead of waiting for its connections to go. */
  skipDrain(): void;
}

/** Creates the agent of one pod. */
export function createAgentApp(deps: AgentDeps): AgentApp {
  const { config } = deps;
  const roots = createRootsFile(config.trustBundleFile);
  const createClient = (profile: CertificateProfile): CertificateClient =>
    createPodCertificate(deps, profile, roots.current);
  const workload = createClient('workload');
  let sidecar: Sidecar | undefined;
  let drains = true;
  const failed = Promise.withResolvers<unknown>();

  return {
    failed: failed.promise,
    async start() {
      // The CSR goes out first; the codecs for Envoy load while the CA works.
      workload.start();
      const { createSidecar } = await import('./sidecar.ts');
      sidecar = createSidecar({ ...deps, roots, workload, createServing: () => createClient('serving') });
      void sidecar.failed.then(failed.resolve);
      await sidecar.start();
    },
    async stop() {
      await sidecar?.stop({ drain: drains });
      await workload.stop();
      roots.stop();
    },
    isReady: () => workload.current() !== undefined,
    skipDrain() {
      drains = false;
    },
  };
}

function createPodCertificate(
  { config, logger, clock }: AgentDeps,
  profile: CertificateProfile,
  rootsPem: () => string | undefined,
): CertificateClient {
  const { namespace, serviceAccount } = config.pod;
  return createCertificateClient({
    caAddress: config.caAddress,
    caMtlsAddress: config.caMtlsAddress,
    token: async () => (await readFile(config.tokenFile, 'utf8')).trim(),
    rootsPem,
    caServerIds: config.controlPlaneIds,
    expectedSpiffeId: formatSpiffeId({ trustDomain: config.trustDomain, namespace, serviceAccount }),
    profile,
    lifetimeSeconds: config.lifetimeSeconds,
    recordFile: config.recordFile,
    logger,
    clock,
  });
}
