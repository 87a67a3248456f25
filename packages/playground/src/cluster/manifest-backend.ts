// SPDX-License-Identifier: Apache-2.0
import { defaultRootNamespace, tokenAudience } from '@signet/model';
import { createController, type Controller } from '../controller/controller.ts';
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import { kubeKey, type PodObject, type ServiceObject } from '../controller/kubernetes-objects.ts';
import { openManifestDirectory } from '../controller/manifest-directory.ts';
import { uidFrom } from '../controller/object-identity.ts';
import { openObjectStore, type ObjectStore } from '../controller/object-store.ts';
import { tokenLifetimeSeconds } from '../kubelet/token-file.ts';
import { openTokenIssuer, tokenIssuer, type TokenSubject } from '../kubelet/token-issuer.ts';
import { nodeNames } from '../network-plan.ts';
import type { StatePaths } from '../state-paths.ts';
import type { ClusterBackend } from './cluster-backend.ts';

/** A cluster made from a directory of manifests: own controller, own token issuer, objects as files for discovery. */
export function createManifestBackend(paths: StatePaths, meshDirectory: string): ClusterBackend {
  const now = (): Date => new Date();
  const issuer = openTokenIssuer(paths.issuer, now);
  const store = openObjectStore(paths.objects);
  const tokenOptions = { audiences: [tokenAudience], lifetimeSeconds: tokenLifetimeSeconds };
  let controller: Controller | undefined;
  return {
    tokenIssuer,
    source: { kind: 'manifests', directories: [meshDirectory, paths.objects] },
    services: () => store.list('Service') as ServiceObject[],
    slices: () => store.list('EndpointSlice') as unknown as EndpointSlice[],
    issuePodToken: (pod) => issuer.issue(podSubject(pod, store), tokenOptions),
    issueControlToken: (account) => issuer.issue(controlSubject(account), tokenOptions),
    async start(events) {
      controller = createController({
        manifests: openManifestDirectory(meshDirectory),
        store,
        host: { sync: (pods) => events.onPods(pods) },
        now,
        onProblems: (problems) => problems.forEach((text) => events.onProblem(text)),
        onServices: () => events.onServices(),
      });
      controller.start();
      return Promise.resolve();
    },
    setPodStatus: (pod, status) => controller?.setPodStatus(pod, status),
    removePod: (pod) => controller?.removePod(pod),
    stop: () => controller?.stop(),
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

/** Control plane and operator are no pods of the mesh; their tokens are bound to names that nothing else has. */
function controlSubject(account: string): TokenSubject {
  return {
    namespace: defaultRootNamespace,
    serviceAccount: { name: account, uid: uidFrom(`ServiceAccount/${account}`) },
    pod: { name: account, uid: uidFrom(`Pod/${account}`) },
    node: { name: nodeNames[0], uid: uidFrom(`Node/${nodeNames[0]}`) },
  };
}
