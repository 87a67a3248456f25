// SPDX-License-Identifier: Apache-2.0
export { createKubeClient, loadKubeConfig, type KubeClient } from './api/kube-client.ts';
export { createKubernetesSource, type KubernetesSourceOptions } from './api/create-kubernetes-source.ts';
export { createPodReader, type LivePod, type PodReader } from './api/create-pod-reader.ts';
export { createTokenReviewer, type TokenReviewer } from './api/create-token-reviewer.ts';
export type { PlacedObject } from './cluster-index.ts';
export type { ClusterSource } from './cluster-source.ts';
export type { KubeObject, ObjectMetadata, ObjectReference, OwnerReference } from './kube-object.ts';
export { createManifestSource, type ManifestSourceOptions } from './manifests/create-manifest-source.ts';
export { readManifestDirectory, type ManifestContent } from './manifests/manifest-directory.ts';
export { manifestUid } from './manifests/manifest-uid.ts';
export { parseManifests, type ParsedManifests } from './manifests/parse-manifests.ts';
export {
  watchManifestDirectories,
  type ManifestWatch,
  type ManifestWatchOptions,
} from './manifests/watch-manifest-directories.ts';
