// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import type { PodObject, PodStatus } from '../controller/kubernetes-objects.ts';
import type { StatePaths } from '../state-paths.ts';
import { removePodDirectory } from './issuance-records.ts';
import { createPodAddresses } from './pod-addresses.ts';
import { createStartGate } from './start-gate.ts';
import { startPod, type PodRunner } from './pod-runner.ts';

/** Which pod. */
export interface PodKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What the kubelet of both nodes works with. */
export interface KubeletOptions {
  readonly paths: StatePaths;
  readonly envoyBinary: string;
  readonly issueToken: (pod: PodObject) => Promise<string> | string;
  /** Settles when no new connection is sent to pods that are being deleted. */
  readonly beforeEnd: () => Promise<void>;
  readonly onStatus: (pod: PodKey, status: PodStatus) => void;
  /** The pod's deletion was asked for, and it has ended. */
  readonly onEnded: (pod: PodKey) => void;
}

/** Runs pods. */
export interface Kubelet {
  sync(pods: readonly PodObject[]): void;
  find(namespace: string, name: string): PodRunner | undefined;
}

interface Entry {
  readonly key: PodKey;
  readonly runner: PodRunner;
  isEnding: boolean;
}

/** Makes a kubelet that runs nothing yet. */
export function createKubelet(options: KubeletOptions): Kubelet {
  const entries = new Map<string, Entry>();
  const addresses = createPodAddresses();
  const gate = createStartGate(Math.max(2, availableParallelism()));
  let links = 0;

  const start = (pod: PodObject, key: PodKey): void => {
    const podIp = addresses.allocate(pod.spec?.nodeName ?? '');
    links += 1;
    const runner = startPod({
      pod,
      podIp,
      link: `veth${links}`,
      paths: options.paths,
      envoyBinary: options.envoyBinary,
      gate,
      issueToken: () => options.issueToken(pod),
      onStatus: (status) => {
        // The runner reports while it is being made; the entry exists from the next turn on.
        queueMicrotask(() => options.onStatus(key, status));
      },
    });
    const entry = { key, runner, isEnding: false, podIp };
    entries.set(key.uid, entry);
  };
  const end = async (entry: Entry & { readonly podIp?: string }): Promise<void> => {
    entry.isEnding = true;
    await options.beforeEnd();
    await entry.runner.terminate();
    if (entry.podIp !== undefined) addresses.release(entry.podIp);
    entries.delete(entry.key.uid);
    removePodDirectory(options.paths, entry.key.uid);
    options.onEnded(entry.key);
  };

  return {
    sync(pods) {
      const wanted = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
      for (const [uid, pod] of wanted) {
        const key = { namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name, uid };
        const entry = entries.get(uid);
        if (pod.metadata.deletionTimestamp === undefined) {
          if (entry === undefined) start(pod, key);
        } else if (entry === undefined) {
          options.onEnded(key);
        } else if (!entry.isEnding) {
          void end(entry);
        }
      }
      for (const [uid, entry] of entries) if (!wanted.has(uid) && !entry.isEnding) void end(entry);
    },
    find: (namespace, name) =>
      [...entries.values()].find(({ key, isEnding }) => !isEnding && key.namespace === namespace && key.name === name)
        ?.runner,
  };
}
