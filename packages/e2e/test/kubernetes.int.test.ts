// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startKubernetes, waitFor, type KubernetesCluster } from '@signet/testing';
import { readInventory, readPolicies, type InventoryView } from '../src/inventory-view.ts';
import { repositoryDir, startPlayground, type Playground } from '../src/playground.ts';
import { callFrom, countConnections, findPod, listWorkloads, tally, type WorkloadRow } from '../src/pods.ts';
import { waitUntilSettled } from '../src/settle.ts';

const namespaces = ['shop', 'outside'];
const productsUrl = 'http://catalog:8080/products';

let expected: InventoryView & { readonly policies: readonly object[] };
let kubernetes: KubernetesCluster;
let mesh: Playground;
let frontend: WorkloadRow;

/** The inventory once nothing is about to change any more. */
async function settledInventory(of: Playground): Promise<typeof expected> {
  await waitFor(async () => (await listWorkloads(of)).every((pod) => !pod.enrolled || pod.certificate !== null), {
    timeoutMs: 60_000,
    intervalMs: 500,
    what: 'every enrolled pod to have a certificate',
  });
  await waitUntilSettled(of);
  return { ...(await readInventory(of, namespaces)), policies: await readPolicies(of) };
}

beforeAll(async () => {
  const manifests = await startPlayground();
  try {
    expected = await settledInventory(manifests);
  } finally {
    await manifests.stop();
  }
  kubernetes = await startKubernetes({ controllers: true });
  await kubernetes.kubectl(['apply', '-f', path.join(repositoryDir, 'docs/examples/crds')]);
  await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  mesh = await startPlayground({ args: ['--kubeconfig', kubernetes.kubeconfig] });
  frontend = await findPod(mesh, 'shop', 'frontend');
}, 480_000);
afterAll(async () => {
  await mesh?.stop();
  await kubernetes?.stop();
}, 90_000);

test('the same manifests give the same inventory and findings as a directory does', async () => {
  expect(expected.workloads).toHaveLength(13);
  expect(expected.findings).toHaveLength(1);
  expect(expected.policies).toHaveLength(13);
  const actual = await settledInventory(mesh);
  expect(actual).toEqual(expected);
}, 120_000);

test('pods are real objects of that API, and their traffic is as the policies say', async () => {
  const pods = await kubernetes.kubectl(['get', 'pods', '-n', 'shop', '-o', 'jsonpath={.items[*].metadata.uid}']);
  const known = (await listWorkloads(mesh)).filter((pod) => pod.namespace === 'shop').map((pod) => pod.uid);
  expect(known.toSorted()).toEqual(pods.split(' ').toSorted());
  const calls = await callFrom(mesh, frontend, ['--count', '20', productsUrl]);
  expect(tally(calls)).toEqual({ ok: 20, refused: 0, error: 0 });
  const outsider = await findPod(mesh, 'outside', 'outsider');
  expect((await callFrom(mesh, outsider, ['http://catalog.shop:8080/products']))[0]?.outcome).toBe('refused');
}, 60_000);

test('while the API server is away, everything stays as it is', async () => {
  const before = await readInventory(mesh, namespaces);
  await kubernetes.stopApiserver();
  const calls = await callFrom(mesh, frontend, ['--count', '50', productsUrl]);
  expect(tally(calls)).toEqual({ ok: 50, refused: 0, error: 0 });
  // The answer must not claim to be up to date.
  expect((await mesh.signet(['wait', '--timeout', '3s'], 30_000)).code).not.toBe(0);
  expect(await readInventory(mesh, namespaces)).toEqual(before);
}, 60_000);

const denySecret = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: after-restart, namespace: shop }
spec:
  selector: { matchLabels: { app: catalog } }
  action: DENY
  rules: [{ to: [{ operation: { paths: [/products/secret] } }] }]
`;

/** A bare pod under the labels of checkout, under another name. */
const secondIntruder = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'intruder-two', namespace: 'shop', labels: { app: 'checkout', 'signet.dev/inject': 'disabled' } },
  spec: {
    serviceAccountName: 'checkout',
    containers: [
      {
        ...{ name: 'checkout', image: 'signet-sample:1', args: ['--name=checkout', '--http=8080'] },
        ports: [{ name: 'http', containerPort: 8080 }],
      },
    ],
  },
});

interface Row {
  readonly pod: string;
  readonly service?: string;
  readonly reason?: string;
  readonly offered?: boolean;
}

async function endpointsOf(service: string): Promise<readonly Row[]> {
  const { endpoints } = await mesh.signetJson<{ endpoints: Row[] }>(['endpoints']);
  return endpoints.filter((row) => row.service === service);
}

test('after its restart a new policy is seen and enforced, and goes again', async () => {
  await kubernetes.startApiserver();
  await kubernetes.kubectl(['apply', '-f', '-'], denySecret);
  await waitUntilSettled(mesh);
  const [secret, other] = await callFrom(mesh, frontend, [`${productsUrl}/secret`, productsUrl]);
  expect([secret?.status, other?.status]).toEqual([403, 200]);
  await kubernetes.kubectl(['delete', 'authorizationpolicy', 'after-restart', '-n', 'shop']);
  await waitUntilSettled(mesh);
  expect((await callFrom(mesh, frontend, [`${productsUrl}/secret`]))[0]?.status).toBe(200);
}, 120_000);

test('after its restart a new replica is attested and served, a new intruder found and withheld', async () => {
  await kubernetes.kubectl(['scale', 'deployment/cart', '--replicas=2', '-n', 'shop']);
  await kubernetes.kubectl(['create', '-f', '-'], secondIntruder);
  await waitFor(async () => (await endpointsOf('cart')).filter((row) => row.offered).length === 2, {
    ...{ timeoutMs: 60_000, intervalMs: 500, what: 'a second endpoint of cart' },
  });
  expect((await endpointsOf('cart')).map((row) => row.reason)).toEqual(['ATTESTED', 'ATTESTED']);
  const intruder = await waitFor(
    async () => (await listWorkloads(mesh)).find((pod) => pod.name === 'intruder-two' && pod.ips.length > 0),
    { timeoutMs: 60_000, intervalMs: 500, what: 'the second intruder' },
  );
  await waitFor(async () => (await endpointsOf('checkout')).length === 4, {
    ...{ timeoutMs: 30_000, intervalMs: 500, what: 'the endpoint of the second intruder' },
  });
  await waitUntilSettled(mesh);
  const offered = (await endpointsOf('checkout')).filter((row) => row.offered).map((row) => row.pod);
  expect(offered.filter((pod) => pod.startsWith('intruder'))).toEqual([]);
  expect(offered).toHaveLength(2);
  const { findings } = await mesh.signetJson<{ findings: Row[] }>(['findings']);
  expect(findings.map((row) => row.pod).toSorted()).toEqual(['intruder', 'intruder-two']);

  const calls = await callFrom(mesh, frontend, ['--method', 'POST', '--count', '200', 'http://checkout:8080/checkout']);
  expect(tally(calls)).toEqual({ ok: 200, refused: 0, error: 0 });
  expect(await countConnections(mesh, intruder)).toBe(0);
  const carts = await callFrom(mesh, frontend, ['--count', '40', 'http://cart:8080/cart']);
  expect(tally(carts)).toEqual({ ok: 40, refused: 0, error: 0 });
  expect(new Set(carts.map((call) => call.pod)).size).toBe(2);
}, 180_000);
