// SPDX-License-Identifier: Apache-2.0
import { isPodReady, type PodObject, type PodStatus } from '../controller/kubernetes-objects.ts';
import type { PodKey } from '../kubelet/kubelet.ts';
import type { ApiWriter } from './api-writer.ts';

const retryMs = 500;

/** Sends the kubelet's reports about pods, one at a time for each pod, newest wins, again until the API has taken it. */
export interface PodReports {
  setStatus(pod: PodKey, status: PodStatus): void;
  remove(pod: PodKey): void;
  /** Sends the report again when somebody else has overwritten it, as the node controller does after a long silence. */
  confirm(pods: readonly PodObject[]): void;
}

/** Makes the sender. */
export function createPodReports(api: ApiWriter): PodReports {
  const waiting = new Map<string, () => Promise<number>>();
  const busy = new Set<string>();
  const path = (pod: PodKey): string => `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`;
  const work = async (uid: string): Promise<void> => {
    busy.add(uid);
    for (let job = waiting.get(uid); job !== undefined; job = waiting.get(uid)) {
      const status = await job().catch(() => 0);
      // 404, 409 and 422 mean that the pod is another one by now; everything else is worth another try.
      const isDone = (status >= 200 && status < 300) || [404, 409, 422].includes(status);
      if (isDone && waiting.get(uid) === job) waiting.delete(uid);
      if (!isDone) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
    busy.delete(uid);
  };
  const enqueue = (uid: string, job: () => Promise<number>): void => {
    waiting.set(uid, job);
    if (!busy.has(uid)) void work(uid);
  };
  const reported = new Map<string, { readonly pod: PodKey; readonly status: PodStatus }>();
  const sendStatus = (pod: PodKey, status: PodStatus): void =>
    enqueue(
      pod.uid,
      async () => (await api.patch(`${path(pod)}/status`, { metadata: { uid: pod.uid }, status })).status,
    );
  return {
    setStatus(pod, status) {
      reported.set(pod.uid, { pod, status });
      sendStatus(pod, status);
    },
    remove(pod) {
      reported.delete(pod.uid);
      enqueue(
        pod.uid,
        async () => (await api.delete(path(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.uid } })).status,
      );
    },
    confirm(pods) {
      for (const object of pods) {
        const own = reported.get(object.metadata.uid ?? '');
        if (own === undefined || waiting.has(own.pod.uid)) continue;
        if (isPodReady({ ...object, status: own.status }) !== isPodReady(object)) sendStatus(own.pod, own.status);
      }
    },
  };
}
