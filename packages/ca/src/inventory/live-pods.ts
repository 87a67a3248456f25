// SPDX-License-Identifier: Apache-2.0
import {
  createKubeClient,
  createManifestSource,
  createPodReader,
  loadKubeConfig,
  type ClusterSource,
  type LivePod,
} from '@signet/kube';
import type { ClusterSnapshot } from '@signet/model';
import type { Clock } from '@signet/runtime';
import type { CaConfig } from '../config.ts';

/** Which pod is meant. */
export interface PodKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Reads single pods at their source, past the inventory. */
export interface LivePods {
  /** Undefined when there is no such pod. Throws KUBERNETES_DOWN. */
  read(pod: PodKey, signal?: AbortSignal): Promise<LivePod | undefined>;
  close(): Promise<void>;
}

/** How long one reading of the directories answers everybody. */
const rereadMs = 500;

/** Creates the reader for the configured source; undefined without a source. */
export function createLivePods(config: Pick<CaConfig, 'source' | 'trustDomain'>, clock: Clock): LivePods | undefined {
  const { source, trustDomain } = config;
  if (source === undefined) return undefined;
  if (source.kind === 'manifests') {
    return new ManifestPods(() => createManifestSource({ directories: source.directories, trustDomain, clock }));
  }
  const client = createKubeClient(loadKubeConfig(source.kubeconfig));
  const reader = createPodReader({ client });
  return {
    read: (pod, signal) => reader.read(pod, signal),
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** Reads the directories when somebody asks; they are not opened before. */
class ManifestPods implements LivePods {
  readonly #create: () => ClusterSource;
  #source: ClusterSource | undefined;
  #reading: { readonly at: number; readonly snapshot: Promise<ClusterSnapshot> } | undefined;

  constructor(create: () => ClusterSource) {
    this.#create = create;
  }

  async read({ namespace, name, uid }: PodKey): Promise<LivePod | undefined> {
    const askedAt = performance.now();
    const known = (await this.#snapshot(askedAt - rereadMs)).workloads.get(uid);
    // A pod that is missing may be younger than the reading.
    const pod = known ?? (await this.#snapshot(askedAt)).workloads.get(uid);
    if (pod === undefined || pod.namespace !== namespace || pod.name !== name) return undefined;
    return {
      uid,
      namespace,
      name,
      serviceAccount: pod.serviceAccount,
      node: pod.node,
      ips: pod.ips,
      isTerminating: pod.isTerminating,
      hasEnded: pod.phase === 'Succeeded' || pod.phase === 'Failed',
    };
  }

  async close(): Promise<void> {
    await this.#source?.stop();
  }

  /** A reading that began after `since`. */
  #snapshot(since: number): Promise<ClusterSnapshot> {
    if (this.#reading !== undefined && this.#reading.at >= since) return this.#reading.snapshot;
    if (this.#source === undefined) {
      this.#source = this.#create();
      this.#source.start();
    }
    const reading = { at: performance.now(), snapshot: this.#source.resync() };
    this.#reading = reading;
    reading.snapshot.catch(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    return reading.snapshot;
  }
}
