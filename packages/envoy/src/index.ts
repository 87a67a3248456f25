// SPDX-License-Identifier: Apache-2.0
export type { MeshParameters } from './mesh-parameters.ts';
export { defaultRuleId, logNames, secretNames, serviceCluster, serviceHost, staticClusters } from './names.ts';
export { projectTrustBundle } from './project-trust-bundle.ts';
export { projectWorkload } from './project-workload.ts';
export { createProjectionCache, type ProjectionCache } from './projection-cache.ts';
export { projectionInput, type ProjectionInput } from './projection-input.ts';
export { typeUrls, type EncodedResource, type ResourceReference, type ResourceSet } from './resource-set.ts';
export { meshProtocols } from './tls-context.ts';
