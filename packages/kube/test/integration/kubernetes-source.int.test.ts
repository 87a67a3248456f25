// SPDX-License-Identifier: Apache-2.0
import { startKubernetes } from '@signet/testing';
import { createKubeClient, loadKubeConfig } from '../../src/api/kube-client.ts';
import { createKubernetesSource } from '../../src/api/create-kubernetes-source.ts';
import { describeClusterSource, type SourceUnderTest } from '../contract/cluster-source-contract.ts';

interface Written {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly status?: unknown;
}

async function createPlace(): Promise<SourceUnderTest> {
  const cluster = await startKubernetes();
  const { kubectl } = cluster;
  const client = createKubeClient(loadKubeConfig(cluster.kubeconfig));
  await kubectl(
    ['create', '-f', '-'],
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'signet.dev/inject': 'enabled' } },
    }),
  );
  for (const name of ['default', 'checkout']) await kubectl(['create', 'serviceaccount', name, '-n', 'shop']);
  const apply = async (object: Written): Promise<void> => {
    const { status, ...rest } = object;
    await kubectl(['apply', '-f', '-'], JSON.stringify(rest));
    if (object.kind !== 'Pod' || status === undefined) return;
    const { name, namespace } = object.metadata;
    await kubectl([
      'patch',
      'pod',
      name,
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ]);
  };
  return {
    source: createKubernetesSource({ client, trustDomain: 'cluster.local' }),
    async apply(...objects) {
      for (const object of objects) await apply(object as Written);
    },
    async remove(kind, namespace, name) {
      await kubectl(['delete', kind, name, '-n', namespace, '--grace-period=0', '--force', '--wait=false']);
    },
    uidOf: (kind, namespace, name) => kubectl(['get', kind, name, '-n', namespace, '-o', 'jsonpath={.metadata.uid}']),
    async close() {
      client.close();
      await cluster.stop();
    },
  };
}

describeClusterSource('A kube-apiserver', createPlace);
