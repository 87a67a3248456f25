// SPDX-License-Identifier: Apache-2.0
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import type { PodObject, PodStatus, ServiceObject } from '../controller/kubernetes-objects.ts';
import type { PodKey } from '../kubelet/kubelet.ts';

/** What a backend reports to. */
export interface BackendEvents {
  /** All pods of this machine's nodes, those to be ended included (deletionTimestamp). */
  onPods(pods: readonly PodObject[]): void;
  /** Services or endpoints may have changed. */
  onServices(): void;
  onProblem(text: string): void;
}

/** Where the cluster's objects live: generated files, or a real kube-apiserver. */
export interface ClusterBackend {
  /** `iss` of the tokens. */
  readonly tokenIssuer: string;
  /** `source` in the control plane's configuration. */
  readonly source: Readonly<Record<string, unknown>>;
  services(): readonly ServiceObject[];
  slices(): readonly EndpointSlice[];
  /** A token of the pod's account, bound to the pod, for the control plane's audience. */
  issuePodToken(pod: PodObject): Promise<string> | string;
  /** A token of signet-system/ACCOUNT for control plane or operator. */
  issueControlToken(account: string): Promise<string> | string;
  start(events: BackendEvents): Promise<void>;
  setPodStatus(pod: PodKey, status: PodStatus): void;
  /** The pod has ended after its deletion was asked for. */
  removePod(pod: PodKey): void;
  stop(): void;
}
