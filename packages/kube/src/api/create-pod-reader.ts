// SPDX-License-Identifier: Apache-2.0
import { fieldsOf, listOf, parseKubeObject, textOf } from '../kube-object.ts';
import { expectOk, type KubeClient } from './kube-client.ts';

/** A pod as the API server has it at this moment. */
export interface LivePod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly node: string;
  readonly ips: readonly string[];
  readonly isTerminating: boolean;
  /** It has finished: phase Succeeded or Failed. */
  readonly hasEnded: boolean;
}

/** Reads single pods, past every cache. */
export interface PodReader {
  /** Undefined when there is no such pod, or when one of that name has another UID. Throws KUBERNETES_DOWN. */
  read(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    signal?: AbortSignal,
  ): Promise<LivePod | undefined>;
}

/** Creates a reader of live pods. */
export function createPodReader(options: { readonly client: KubeClient }): PodReader {
  return {
    async read({ namespace, name, uid }, signal) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
      const response = await options.client.get(path, signal === undefined ? {} : { signal });
      if (response.status === 404) return undefined;
      const parsed = parseKubeObject(expectOk(path, response));
      if (!parsed.ok || parsed.value.metadata.uid !== uid) return undefined;
      const { metadata, body } = parsed.value;
      const spec = fieldsOf(body['spec']);
      const status = fieldsOf(body['status']);
      return {
        uid,
        namespace: metadata.namespace,
        name: metadata.name,
        serviceAccount: textOf(spec['serviceAccountName']) || 'default',
        node: textOf(spec['nodeName']),
        ips: listOf(status['podIPs'])
          .map((one) => textOf(fieldsOf(one)['ip']))
          .filter((ip) => ip !== ''),
        isTerminating: metadata.isTerminating,
        hasEnded: status['phase'] === 'Succeeded' || status['phase'] === 'Failed',
      };
    },
  };
}
