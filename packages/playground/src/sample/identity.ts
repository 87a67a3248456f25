// SPDX-License-Identifier: Apache-2.0

/** Who this process says it is, from the environment that the manifest sets. */
export interface SampleIdentity {
  readonly name: string;
  readonly pod: string;
  readonly namespace: string;
  readonly node: string;
}

/** Reads POD_NAME, POD_NAMESPACE and NODE_NAME; HOSTNAME stands in for the pod's name. */
export function readIdentity(name: string, env: NodeJS.ProcessEnv): SampleIdentity {
  return {
    name,
    pod: env['POD_NAME'] ?? env['HOSTNAME'] ?? '',
    namespace: env['POD_NAMESPACE'] ?? '',
    node: env['NODE_NAME'] ?? '',
  };
}
