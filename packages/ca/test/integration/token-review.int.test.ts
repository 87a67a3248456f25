// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startKubernetes, startPostgres, type KubernetesCluster, type PostgresServer } from '@signet/testing';
import { CaFiles, controlPlaneId, requestMaterial, startCa, type TestCa } from '../ca-kit.ts';

let kubernetes: KubernetesCluster;
let server: PostgresServer;
let files: CaFiles;
let ca: TestCa;

/** Asks the real API server for a token, bound to the pod if one is given. */
async function createToken(o: {
  account: string;
  pod?: string;
  audience?: string;
  namespace?: string;
}): Promise<string> {
  const { account, pod, audience = 'signet.dev', namespace = 'shop' } = o;
  const bound = pod === undefined ? [] : ['--bound-object-kind=Pod', `--bound-object-name=${pod}`];
  const args = ['create', 'token', account, '-n', namespace, `--audience=${audience}`, ...bound];
  return (await kubernetes.kubectl(args)).trim();
}

async function createPod(name: string, account: string): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name },
    spec: {
      serviceAccountName: account,
      automountServiceAccountToken: false,
      nodeName: 'node-a',
      terminationGracePeriodSeconds: 60,
      containers: [{ name: 'app', image: 'sample' }],
    },
  };
  await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(object));
}

beforeAll(async () => {
  [kubernetes, server] = await Promise.all([startKubernetes(), startPostgres()]);
  for (const namespace of ['shop', 'signet-system']) await kubernetes.kubectl(['create', 'namespace', namespace]);
  for (const account of ['cart', 'payments'])
    await kubernetes.kubectl(['create', 'serviceaccount', account, '-n', 'shop']);
  for (const account of ['signetd', 'signet-operator']) {
    await kubernetes.kubectl(['create', 'serviceaccount', account, '-n', 'signet-system']);
  }
  await kubernetes.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } }),
  );
  await createPod('cart-0', 'cart');
  files = new CaFiles();
  ca = await startCa({
    files,
    databaseUrl: (await server.createDatabase()).url,
    source: { kind: 'kubernetes', kubeconfig: kubernetes.kubeconfig },
    tokens: null,
    operatorToken: await createToken({ account: 'signet-operator', namespace: 'signet-system' }),
  });
}, 120_000);

afterAll(async () => {
  await ca.stop();
  await Promise.all([kubernetes.stop(), server.stop()]);
  files.remove();
}, 60_000);

describe('against a real API server', () => {
  test('a bound token is reviewed and its pod read', async () => {
    const material = await requestMaterial(ca.byToken(await createToken({ account: 'cart', pod: 'cart-0' })));
    expect(material.spiffeId).toBe('spiffe://cluster.local/ns/shop/sa/cart');
    const operator = ca.byToken(await createToken({ account: 'signet-operator', namespace: 'signet-system' }));
    const issuance = await operator.ledger.GetIssuance({ serial: material.serial });
    expect(issuance).toMatchObject({ attestation: 'token-review', podName: 'cart-0', nodeName: 'node-a' });
  });

  test('a token for another audience is refused', async () => {
    const clients = ca.byToken(await createToken({ account: 'cart', pod: 'cart-0', audience: 'vault' }));
    // The API server itself does not authenticate it for our audiences.
    await expect(requestMaterial(clients)).rejects.toMatchObject({ reason: 'TOKEN_REJECTED' });
  });

  test('an unbound token is refused', async () => {
    await expect(requestMaterial(ca.byToken(await createToken({ account: 'cart' })))).rejects.toMatchObject({
      reason: 'TOKEN_NOT_BOUND',
    });
  });

  test('a token of another cluster is refused', async () => {
    const token = files.issuer.token({ namespace: 'shop', serviceAccount: 'cart', pod: { name: 'cart-0', uid: 'x' } });
    await expect(requestMaterial(ca.byToken(token))).rejects.toMatchObject({ reason: 'TOKEN_REJECTED' });
  });

  test('the control plane needs no pod, and renews', async () => {
    const token = await createToken({ account: 'signetd', namespace: 'signet-system' });
    const material = await requestMaterial(ca.byToken(token));
    expect(material.spiffeId).toBe(controlPlaneId);
    expect((await requestMaterial(ca.byCertificate(material))).spiffeId).toBe(controlPlaneId);
  });

  test('a pod that is being deleted gets nothing any more, by token or by certificate', async () => {
    await createPod('cart-1', 'cart');
    const clients = ca.byToken(await createToken({ account: 'cart', pod: 'cart-1' }));
    const material = await requestMaterial(clients);
    await kubernetes.kubectl(['delete', 'pod', 'cart-1', '-n', 'shop', '--wait=false']);
    await expect(requestMaterial(clients)).rejects.toMatchObject({ reason: 'POD_TERMINATING' });
    await expect(requestMaterial(ca.byCertificate(material))).rejects.toMatchObject({ reason: 'POD_TERMINATING' });
    await kubernetes.kubectl(['delete', 'pod', 'cart-1', '-n', 'shop', '--force', '--grace-period=0']);
    await expect(requestMaterial(ca.byCertificate(material))).rejects.toMatchObject({ reason: 'POD_UNKNOWN' });
    // A pod of the same name is another one.
    await createPod('cart-1', 'cart');
    await expect(requestMaterial(ca.byCertificate(material))).rejects.toMatchObject({ reason: 'POD_UNKNOWN' });
  });

  test('while the API server is away nothing is issued', async () => {
    const clients = ca.byToken(await createToken({ account: 'cart', pod: 'cart-0' }));
    await kubernetes.stopApiserver();
    await expect(requestMaterial(clients)).rejects.toMatchObject({ reason: 'KUBERNETES_DOWN' });
    await kubernetes.startApiserver();
    expect((await requestMaterial(clients)).spiffeId).toBe('spiffe://cluster.local/ns/shop/sa/cart');
  }, 180_000);
});
