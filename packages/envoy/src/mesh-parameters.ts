// SPDX-License-Identifier: Apache-2.0

/** What holds for the whole mesh and for the machine that the proxy runs on. */
export interface MeshParameters {
  readonly trustDomain: string;
  readonly rootNamespace: string;
  /** Mark on every socket that the proxy opens, where the capture tells its packets apart by it. */
  readonly proxyMark?: number | undefined;
}
