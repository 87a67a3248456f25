// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What the launcher hands to the cluster's process. */
export const clusterConfigShape = z.strictObject({
  stateDirectory: z.string(),
  meshDirectory: z.string(),
  envoyBinary: z.string(),
  attestation: z.boolean(),
  isSplit: z.boolean(),
  /** Kubeconfig of a real kube-apiserver; absent for a directory of manifests. */
  kubeconfig: z.string().optional(),
});

export type ClusterConfig = z.infer<typeof clusterConfigShape>;

/** Reads the file that the launcher wrote. */
export function readClusterConfig(file: string): ClusterConfig {
  return clusterConfigShape.parse(JSON.parse(readFileSync(file, 'utf8')));
}
