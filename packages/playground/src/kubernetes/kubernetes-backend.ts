// SPDX-License-Identifier: Apache-2.0
import { createKubeClient, loadKubeConfig, type KubeClient } from '@signet/kube';
import { agentAnnotation, defaultRootNamespace, wantsAgent } from '@signet/model';
import { z } from 'zod';
import { writeFileAtomically } from '../atomic-file.ts';
import type { BackendEvents, ClusterBackend } from '../cluster/cluster-backend.ts';
import { kubeKey, type PodObject } from '../controller/kubernetes-objects.ts';
import { nodeNames } from '../network-plan.ts';
import type { StatePaths } from '../state-paths.ts';
import { readApiAddress, serveApiInside } from './api-address.ts';
import { createApiWriter, expectStatus, type ApiWriter } from './api-writer.ts';
import { applyManifests } from './apply-manifests.ts';
import { startClusterWatches, type ClusterWatches } from './cluster-watches.ts';
import { createControlAccount, requestToken, standInLabel } from './control-accounts.ts';
import { startNodeHeartbeat } from './node-heartbeat.ts';
import { createPodReports } from './pod-reports.ts';

const accounts = ['signetd', 'signet-operator'];
const jwksRefreshMs = 60_000;
const issuerShape = z.looseObject({ issuer: z.string() });

/** What the backend needs. */
export interface KubernetesBackendOptions {
  readonly paths: StatePaths;
  readonly kubeconfig: string;
  readonly meshDirectory: string;
}

/** A real kube-apiserver: the playground is the kubelet of two nodes there, nothing more. */
export async function createKubernetesBackend(options: KubernetesBackendOptions): Promise<ClusterBackend> {
  const { paths, kubeconfig, meshDirectory } = options;
  await serveApiInside(readApiAddress(kubeconfig), paths);
  const api = createApiWriter(kubeconfig);
  const client = createKubeClient(loadKubeConfig(kubeconfig));
  const issuer = await keepKeys(client, paths.jwksFile);
  const stopHeartbeat = await startNodeHeartbeat(api);
  for (const account of accounts) await createControlAccount(api, account);
  const reports = createPodReports(api);
  let watches: ClusterWatches | undefined;

  return {
    tokenIssuer: issuer.name,
    source: { kind: 'kubernetes', kubeconfig },
    services: () => watches?.services() ?? [],
    slices: () => watches?.slices() ?? [],
    issuePodToken: (pod) => {
      const { name, namespace = 'default', uid = '' } = pod.metadata;
      return requestToken(api, { namespace, name: pod.spec?.serviceAccountName ?? 'default' }, { name, uid });
    },
    issueControlToken: (account) =>
      requestToken(api, { namespace: defaultRootNamespace, name: account }, { name: account }),
    async start(events) {
      await applyManifests(api, meshDirectory, (text) => events.onProblem(text));
      const onPods = (): void => {
        if (watches === undefined) return;
        reports.confirm(watches.pods());
        void syncPods({ watches, api, events });
      };
      watches = await startClusterWatches(client, { pods: onPods, services: () => events.onServices() });
      onPods();
      events.onServices();
    },
    setPodStatus: (pod, status) => reports.setStatus(pod, status),
    removePod: (pod) => reports.remove(pod),
    stop() {
      issuer.stop();
      stopHeartbeat();
      watches?.stop();
    },
  };
}

/** Keeps the API server's public keys in a file; a key that it rotates in is there a minute later. */
async function keepKeys(client: KubeClient, file: string): Promise<{ readonly name: string; stop(): void }> {
  const refresh = async (): Promise<void> => {
    const answer = await client.get('/openid/v1/jwks');
    expectStatus(answer, 'the public keys of its token issuer');
    writeFileAtomically(file, JSON.stringify(answer.body));
  };
  const { issuer } = issuerShape.parse((await client.get('/.well-known/openid-configuration')).body);
  await refresh();
  // A refresh that fails is followed by the next.
  const timer = setInterval(() => void refresh().catch(() => undefined), jwksRefreshMs);
  return { name: issuer, stop: () => clearInterval(timer) };
}

/**
 * Hands the pods of our nodes to the kubelet; those that want an agent are marked first, as an injector would at their
 * creation.
 */
async function syncPods(context: {
  readonly watches: ClusterWatches;
  readonly api: ApiWriter;
  readonly events: BackendEvents;
}): Promise<void> {
  const { watches, api, events } = context;
  const namespaces = new Map(watches.namespaces().map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  const isUnmarked = ({ metadata }: PodObject): boolean =>
    wantsAgent(namespaces.get(metadata.namespace ?? '') ?? {}, metadata.labels ?? {}) &&
    metadata.annotations?.[agentAnnotation] === undefined;
  const ours = watches
    .pods()
    .filter((pod) => nodeNames.some((name) => name === pod.spec?.nodeName))
    .filter((pod) => pod.metadata.labels?.[standInLabel] === undefined);
  events.onPods(ours.filter((pod) => !isUnmarked(pod)));
  for (const pod of ours.filter(isUnmarked)) {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
    try {
      // The watch brings it back with the mark.
      const answer = await api.patch(path, { metadata: { annotations: { [agentAnnotation]: 'playground' } } });
      expectStatus(answer, `marking ${kubeKey(pod)}`, [404]);
    } catch (error) {
      events.onProblem(error instanceof Error ? error.message : String(error));
    }
  }
}
