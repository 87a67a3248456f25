// SPDX-License-Identifier: Apache-2.0

/** The cluster's process ended without having been asked to. */
export class ClusterEnded extends Error {
  constructor(logs: string) {
    super(`the cluster ended by itself; see ${logs}`);
    this.name = 'ClusterEnded';
  }
}
