// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { controlPlanePorts, defaultRootNamespace } from '@signet/model';
import { removePodDirectories } from '../kubelet/issuance-records.ts';
import { createKubelet } from '../kubelet/kubelet.ts';
import { keepTokenFile } from '../kubelet/token-file.ts';
import { networkPlan, nodeNames } from '../network-plan.ts';
import { startForward } from '../socket-forward.ts';
import { statePaths, type StatePaths } from '../state-paths.ts';
import type { ClusterBackend } from './cluster-backend.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { startControlPlane } from './control-plane.ts';
import { dnsRecords } from './dns-records.ts';
import { startDnsServer } from './dns-server.ts';
import { startExecServer } from './exec-server.ts';
import type { LauncherChannel } from './launcher-channel.ts';
import { createManifestBackend } from './manifest-backend.ts';
import { createClusterNetwork } from './network.ts';
import { startDatabase } from './postgres.ts';
import { createServiceProxy } from './service-proxy.ts';
import { serviceRules, virtualAddresses } from './service-rules.ts';

/** A running cluster. */
export interface Cluster {
  stop(): Promise<void>;
}

/** Starts everything inside the namespaces: network, DNS, database, control plane, controller and kubelet. */
export async function startCluster(config: ClusterConfig, channel: LauncherChannel): Promise<Cluster> {
  const paths = statePaths(config.stateDirectory);
  const onProblem = (text: string): void => channel.send({ type: 'problem', text });
  prepareDirectories(paths);
  await createClusterNetwork();
  const backend = await createBackend(config, paths);
  // Pods take as long to start as database and control plane do: neither waits for the other.
  const control = startControl({ config, paths, backend, channel });
  // A failure is thrown where it is waited for, below.
  control.catch(() => undefined);
  await startDnsServer(() => dnsRecords(backend.services(), backend.slices()));
  const serviceProxy = createServiceProxy(onProblem);
  const kubelet = createKubelet({
    paths,
    envoyBinary: config.envoyBinary,
    issueToken: (pod) => backend.issuePodToken(pod),
    beforeEnd: () => serviceProxy.settled(),
    onStatus: (pod, status) => backend.setPodStatus(pod, status),
    onEnded: (pod) => backend.removePod(pod),
  });
  const nodePlace = { enterArgs: [], env: { PATH: process.env['PATH'] ?? '', HOME: '/tmp' } };
  await startExecServer(path.join(paths.sockets, 'exec.sock'), (namespace, pod) =>
    // The nodes share the cluster's own namespaces: the place to capture traffic.
    namespace === defaultRootNamespace && nodeNames.some((name) => name === pod)
      ? nodePlace
      : kubelet.find(namespace, pod)?.place(),
  );
  for (const port of Object.values(controlPlanePorts)) {
    await startForward({ path: path.join(paths.sockets, `${port}.sock`) }, { host: networkPlan.gateway, port });
  }
  await backend.start({
    onPods: (pods) => kubelet.sync(pods),
    onServices: () => serviceProxy.update(serviceRules(virtualAddresses(backend.services(), backend.slices()))),
    onProblem,
  });
  const stopControl = await control;
  return {
    async stop() {
      backend.stop();
      await stopControl();
    },
  };
}

/** Starts the database and then the control plane on it; returns what stops both. */
async function startControl(context: {
  readonly config: ClusterConfig;
  readonly paths: StatePaths;
  readonly backend: ClusterBackend;
  readonly channel: LauncherChannel;
}): Promise<() => Promise<void>> {
  const { config, paths, backend, channel } = context;
  const tokenFile = await keepControlTokens(backend, paths);
  const onRestart = (text: string): void => channel.send({ type: 'problem', text });
  const database = await startDatabase(paths, onRestart);
  channel.send({ type: 'progress', text: 'database is up; starting control plane and pods' });
  const controlPlane = startControlPlane({
    paths,
    database,
    backend,
    attestation: config.attestation,
    isSplit: config.isSplit,
    tokenFile,
    onRestart,
  });
  return async () => {
    await controlPlane.stop();
    await database.stop();
  };
}

async function createBackend(config: ClusterConfig, paths: StatePaths): Promise<ClusterBackend> {
  const { kubeconfig, meshDirectory } = config;
  if (kubeconfig === undefined) return createManifestBackend(paths, meshDirectory);
  // The client library is large, and most playgrounds do without.
  const { createKubernetesBackend } = await import('../kubernetes/kubernetes-backend.ts');
  return createKubernetesBackend({ paths, kubeconfig, meshDirectory });
}

function prepareDirectories(paths: StatePaths): void {
  for (const directory of [paths.tokens, paths.controlPlane, paths.publicDir, paths.logs])
    mkdirSync(directory, { recursive: true });
  removePodDirectories(paths);
}

/** Keeps the tokens of the control plane's and the operator's accounts; returns the file of the first. */
async function keepControlTokens(backend: ClusterBackend, paths: StatePaths): Promise<string> {
  const accounts = ['signetd', 'signet-operator'];
  await Promise.all(
    accounts.map((account) =>
      keepTokenFile(path.join(paths.tokens, account), () => backend.issueControlToken(account)),
    ),
  );
  return path.join(paths.tokens, 'signetd');
}
