// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { controlPlanePorts, defaultRootNamespace, tokenAudience } from '@signet/model';
import { createController } from '../controller/controller.ts';
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import { kubeKey, type PodObject, type ServiceObject } from '../controller/kubernetes-objects.ts';
import { openManifestDirectory } from '../controller/manifest-directory.ts';
import { uidFrom } from '../controller/object-identity.ts';
import { openObjectStore, type ObjectStore } from '../controller/object-store.ts';
import { createKubelet } from '../kubelet/kubelet.ts';
import { keepTokenFile, tokenLifetimeSeconds } from '../kubelet/token-file.ts';
import { openTokenIssuer, type TokenIssuer, type TokenSubject } from '../kubelet/token-issuer.ts';
import { networkPlan, nodeNames } from '../network-plan.ts';
import { startForward } from '../socket-forward.ts';
import { statePaths, type StatePaths } from '../state-paths.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { startControlPlane } from './control-plane.ts';
import { dnsRecords } from './dns-records.ts';
import { startDnsServer } from './dns-server.ts';
import { startExecServer } from './exec-server.ts';
import type { LauncherChannel } from './launcher-channel.ts';
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
  const now = (): Date => new Date();
  for (const directory of [paths.tokens, paths.controlPlane, paths.publicDir, paths.logs]) mkdirSync(directory, { recursive: true });
  rmSync(paths.pods, { recursive: true, force: true });
  mkdirSync(paths.pods);
  await createClusterNetwork();
  const issuer = openTokenIssuer(paths.issuer, now);
  const store = openObjectStore(paths.objects);
  const database = await startDatabase(paths);
  channel.send({ type: 'progress', text: 'database is up' });
  const tokenFile = await keepControlTokens(issuer, paths);
  const controlPlane = startControlPlane({
    paths,
    meshDirectory: config.meshDirectory,
    database,
    attestation: config.attestation,
    isSplit: config.isSplit,
    kubeconfig: config.kubeconfig,
    tokenFile,
    onRestart: (text) => channel.send({ type: 'problem', text }),
  });
  await startDnsServer(() => dnsRecords(store.list('Service') as ServiceObject[], store.list('EndpointSlice') as unknown as EndpointSlice[]));
  const serviceProxy = createServiceProxy((text) => channel.send({ type: 'problem', text }));
  const kubelet = createKubelet({
    paths,
    envoyBinary: config.envoyBinary,
    issueToken: (pod) => issuer.issue(podSubject(pod, store), { audiences: [tokenAudience], lifetimeSeconds: tokenLifetimeSeconds }),
    onStatus: (pod, status) => controller.setPodStatus(pod, status),
    onEnded: (pod) => controller.removePod(pod),
  });
  const controller = createController({
    manifests: openManifestDirectory(config.meshDirectory),
    store,
    host: kubelet,
    now,
    onProblems: (problems) => problems.forEach((text) => channel.send({ type: 'problem', text })),
    onServices: () =>
      serviceProxy.update(serviceRules(virtualAddresses(store.list('Service') as ServiceObject[], store.list('EndpointSlice') as unknown as EndpointSlice[]))),
  });
  const nodePlace = { enterArgs: [], env: { PATH: process.env['PATH'] ?? '', HOME: '/tmp' } };
  await startExecServer(path.join(paths.sockets, 'exec.sock'), (namespace, pod) =>
    // The nodes share the cluster's own namespaces: the place to capture traffic.
    namespace === defaultRootNamespace && nodeNames.some((name) => name === pod) ? nodePlace : kubelet.find(namespace, pod)?.place(),
  );
  for (const port of Object.values(controlPlanePorts)) {
    await startForward({ path: path.join(paths.sockets, `${port}.sock`) }, { host: networkPlan.gateway, port });
  }
  controller.start();
  return {
    async stop() {
      controller.stop();
      await controlPlane.stop();
      await database.stop();
    },
  };
}

function podSubject(pod: PodObject, store: ObjectStore): TokenSubject {
  const namespace = pod.metadata.namespace ?? 'default';
  const name = pod.spec?.serviceAccountName ?? 'default';
  const node = pod.spec?.nodeName ?? '';
  const account = store.get(kubeKey({ kind: 'ServiceAccount', metadata: { name, namespace } }));
  return {
    namespace,
    serviceAccount: { name, uid: account?.metadata.uid ?? '' },
    pod: { name: pod.metadata.name, uid: pod.metadata.uid ?? '' },
    node: { name: node, uid: store.get(kubeKey({ kind: 'Node', metadata: { name: node } }))?.metadata.uid ?? '' },
  };
}

/** Tokens of the control plane's and the operator's accounts; returns the file of the first. */
async function keepControlTokens(issuer: TokenIssuer, paths: StatePaths): Promise<string> {
  const files = ['signetd', 'signet-operator'].map(async (name) => {
    const subject: TokenSubject = {
      namespace: defaultRootNamespace,
      serviceAccount: { name, uid: uidFrom(`ServiceAccount/${name}`) },
      pod: { name, uid: uidFrom(`Pod/${name}`) },
      node: { name: nodeNames[0], uid: uidFrom(`Node/${nodeNames[0]}`) },
    };
    const file = path.join(paths.tokens, name);
    await keepTokenFile(file, () => issuer.issue(subject, { audiences: [tokenAudience], lifetimeSeconds: tokenLifetimeSeconds }));
    return file;
  });
  const [first = ''] = await Promise.all(files);
  return first;
}
