// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attestEndpoints, emptyMemory, type AttestationInput, type EstablishedOrigin } from '@signet/detect';
import { startKubernetes, waitFor, type KubernetesCluster } from '@signet/testing';
import { createKubeClient, loadKubeConfig, type KubeClient } from '../../src/api/kube-client.ts';
import { createKubernetesSource } from '../../src/api/create-kubernetes-source.ts';
import type { ClusterSource } from '../../src/cluster-source.ts';

const labels = { app: 'checkout' };
const spec = { containers: [{ name: 'app', image: 'checkout:1' }] };

let cluster: KubernetesCluster;
let client: KubeClient;
let source: ClusterSource;
const create = (object: object) => cluster.kubectl(['create', '-f', '-'], JSON.stringify(object));

beforeAll(async () => {
  cluster = await startKubernetes({ controllers: true });
  client = createKubeClient(loadKubeConfig(cluster.kubeconfig));
  source = createKubernetesSource({ client, trustDomain: 'cluster.local' });
  source.start();
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await waitFor(() => cluster.kubectl(['get', 'serviceaccount', 'default', '-n', 'shop']), { timeoutMs: 30_000 });
}, 240_000);
afterAll(async () => {
  await source.stop();
  client.close();
  await cluster.stop();
}, 60_000);

function attest(origins: ReadonlyMap<string, EstablishedOrigin>) {
  const input: AttestationInput = {
    cluster: source.current(),
    certificates: new Map(),
    isLedgerFollowed: true,
    origins,
    firstSeen: new Map(),
    bareBefore: new Set(),
    memory: emptyMemory,
    now: new Date(),
    rootNamespace: 'signet-system',
    attestation: true,
  };
  return attestEndpoints(input);
}

test('the replica-set controller adopts the intruder, even instead of a replica, and it is found all the same', async () => {
  await create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'checkout', namespace: 'shop' },
    spec: { selector: labels, ports: [{ name: 'http', port: 80 }] },
  });
  await create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'checkout', namespace: 'shop' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  const replica = await waitFor(
    () =>
      [...source.current().workloads.values()].find(
        (pod) => pod.owners.length === 2 && pod.owners.every((owner) => owner.isVerified),
      ),
    { timeoutMs: 30_000, what: 'the replica with its owners' },
  );
  const first = attest(new Map());
  const origins = new Map(first.established.map((origin) => [`${origin.namespace}/${origin.service}`, origin]));
  expect(origins.get('shop/checkout')).toMatchObject({ kind: 'Deployment', name: 'checkout', isControlled: true });
  // Scheduled by hand, so that the controller keeps it and deletes the replica that waits for a node.
  await create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'intruder', namespace: 'shop', labels: replica.labels },
    spec: { ...spec, nodeName: 'somewhere' },
  });
  const adopted = await waitFor(
    () => {
      const snapshot = source.current();
      const pod = [...snapshot.workloads.values()].find((one) => one.name === 'intruder');
      return pod !== undefined && snapshot.adopted.has(pod.uid) ? pod : undefined;
    },
    { timeoutMs: 20_000, what: 'the adoption' },
  );
  expect(adopted.owners.map((owner) => [owner.kind, owner.isVerified])).toEqual([
    ['ReplicaSet', true],
    ['Deployment', true],
  ]);
  const finding = [...attest(origins).findings.values()].find((one) => one.pod === 'intruder');
  expect(finding).toMatchObject({ detector: 'foreign-endpoint', services: ['shop/checkout'] });
  expect(finding?.signals[0]).toMatchObject({ name: 'owner.adopted', isHard: true });
}, 90_000);
