// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ClusterSnapshot } from '@signet/model';
import { waitFor } from '@signet/testing';
import type { ClusterSource } from '../../src/cluster-source.ts';

/** A real place that a source reads, and ways to change it. */
export interface SourceUnderTest {
  readonly source: ClusterSource;
  /** Creates or replaces objects; several become visible in that order. */
  apply(...objects: readonly object[]): Promise<void>;
  remove(kind: string, namespace: string, name: string): Promise<void>;
  /** UID that the place gave an object. */
  uidOf(kind: string, namespace: string, name: string): Promise<string>;
  close(): Promise<void>;
}

const namespace = 'shop';
const labels = { app: 'checkout' };
const pause = { name: 'app', image: 'checkout:1', ports: [{ name: 'web', containerPort: 8080 }] };
const digest = `sha256:${'ab'.repeat(32)}`;

function deployment(): object {
  const template = { metadata: { labels }, spec: { serviceAccountName: 'checkout', containers: [pause] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'checkout', namespace },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}

function owner(kind: string, name: string, uid: string): object {
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true };
}

function replicaSet(deploymentUid: string): object {
  const hashed = { ...labels, 'pod-template-hash': '1' };
  const template = { metadata: { labels: hashed }, spec: { serviceAccountName: 'checkout', containers: [pause] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'checkout-1',
      namespace,
      labels: hashed,
      ownerReferences: [owner('Deployment', 'checkout', deploymentUid)],
    },
    spec: { replicas: 1, selector: { matchLabels: hashed }, template },
  };
}

function pod(name: string, overrides: { metadata?: object; status?: object; spec?: object } = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { ...labels, 'pod-template-hash': '1' },
      annotations: { 'signet.dev/agent': 'v1', 'other.example/note': 'left out' },
      ...overrides.metadata,
    },
    spec: { serviceAccountName: 'checkout', nodeName: 'node-1', containers: [pause], ...overrides.spec },
    status: {
      phase: 'Running',
      podIP: '10.1.0.7',
      podIPs: [{ ip: '10.1.0.7' }],
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: 'app',
          image: 'checkout:1',
          imageID: `registry.example/checkout@${digest}`,
          ready: true,
          restartCount: 0,
        },
      ],
      ...overrides.status,
    },
  };
}

function slice(podUid: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'checkout-x', namespace, labels: { 'kubernetes.io/service-name': 'checkout' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.1.0.7'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace, name: 'checkout-1-a', uid: podUid },
      },
    ],
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'checkout', namespace },
  spec: {
    selector: labels,
    ports: [
      { name: 'http', port: 80, targetPort: 'web' },
      { name: 'metrics', port: 9090, appProtocol: 'kubernetes.io/h2c' },
      { name: 'mysql', port: 3306 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
};

const networkPolicy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'guard', namespace, annotations: { note: 'kept' } },
  spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'] },
};

/** What every source of the cluster must do; `create` makes a fresh, empty place with namespace `shop` enrolled. */
export function describeClusterSource(name: string, create: () => Promise<SourceUnderTest>): void {
  describe(`${name} as a source of the cluster`, () => {
    let place: SourceUnderTest;
    const pick = <T>(read: (snapshot: ClusterSnapshot) => T | undefined | null | false, what = 'a snapshot') =>
      waitFor(() => read(place.source.current()), { timeoutMs: 8000, what });
    const workload = (pods: ClusterSnapshot, podName: string) =>
      [...pods.workloads.values()].find((one) => one.name === podName && one.namespace === namespace);

    beforeAll(async () => {
      place = await create();
      place.source.start();
      await pick((snapshot) => snapshot.isSynced, 'the source to be synced');
    }, 180_000);
    afterAll(async () => {
      await place.source.stop();
      await place.close();
    }, 60_000);

    test('shows the namespace with its labels', async () => {
      const shop = await pick((snapshot) => snapshot.namespaces.get(namespace));
      expect(shop.labels).toMatchObject({ 'signet.dev/inject': 'enabled', 'kubernetes.io/metadata.name': namespace });
    });

    test('shows a Service with its TCP ports and their protocols', async () => {
      await place.apply(service);
      const found = await pick((snapshot) => snapshot.services.get('shop/checkout'));
      expect(found).toMatchObject({ name: 'checkout', selector: labels, publishNotReady: false });
      expect(found.ports).toEqual([
        { name: 'http', port: 80, targetPort: 'web', protocol: 'http' },
        { name: 'metrics', port: 9090, targetPort: 9090, protocol: 'http2' },
        { name: 'mysql', port: 3306, targetPort: 3306, protocol: 'server-first' },
      ]);
    });

    test('shows a pod, its verified owners, its enrolment and the digest that runs', async () => {
      await place.apply(deployment());
      const deploymentUid = await place.uidOf('Deployment', namespace, 'checkout');
      await place.apply(replicaSet(deploymentUid));
      const setUid = await place.uidOf('ReplicaSet', namespace, 'checkout-1');
      await place.apply(
        pod('checkout-1-a', { metadata: { ownerReferences: [owner('ReplicaSet', 'checkout-1', setUid)] } }),
      );
      const found = await pick((snapshot) => {
        const one = workload(snapshot, 'checkout-1-a');
        return one?.isReady === true && one.owners.length === 2 ? one : undefined;
      });
      expect(found).toMatchObject({
        owners: [
          { kind: 'ReplicaSet', name: 'checkout-1', uid: setUid, isVerified: true },
          { kind: 'Deployment', name: 'checkout', uid: deploymentUid, isVerified: true },
        ],
        serviceAccount: 'checkout',
        node: 'node-1',
        ips: ['10.1.0.7'],
        isEnrolled: true,
        spiffeId: 'spiffe://cluster.local/ns/shop/sa/checkout',
        phase: 'Running',
        isTerminating: false,
        annotations: { 'signet.dev/agent': 'v1' },
        containers: [
          {
            name: 'app',
            image: 'checkout:1',
            imageDigest: digest,
            ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
          },
        ],
      });
      const { controllers } = place.source.current();
      expect(controllers.get(setUid)).toMatchObject({
        templateServiceAccount: 'checkout',
        templateContainers: { app: { image: 'checkout:1', command: [], args: [] } },
      });
    });

    test('an owner that does not exist, or does not select the pod, is not verified', async () => {
      const setUid = await place.uidOf('ReplicaSet', namespace, 'checkout-1');
      await place.apply(
        pod('forged', {
          metadata: { ownerReferences: [owner('ReplicaSet', 'checkout-1', '00000000-0000-4000-8000-000000000000')] },
        }),
        pod('unselected', {
          metadata: { labels: { app: 'other' }, ownerReferences: [owner('ReplicaSet', 'checkout-1', setUid)] },
        }),
      );
      for (const one of ['forged', 'unselected']) {
        const found = await pick((snapshot) => workload(snapshot, one));
        expect(found.owners.map(({ isVerified }) => isVerified)).toEqual([false]);
      }
    });

    test('a pod that gets a controller after it was seen without is adopted', async () => {
      await place.apply(pod('bare'));
      const uid = (await pick((snapshot) => workload(snapshot, 'bare'))).uid;
      expect(place.source.current().adopted.has(uid)).toBe(false);
      const setUid = await place.uidOf('ReplicaSet', namespace, 'checkout-1');
      await place.apply(pod('bare', { metadata: { ownerReferences: [owner('ReplicaSet', 'checkout-1', setUid)] } }));
      await pick((snapshot) => snapshot.adopted.has(uid), 'the adoption');
    });

    test('shows the addresses of a Service', async () => {
      const podUid = await place.uidOf('Pod', namespace, 'checkout-1-a');
      await place.apply(slice(podUid));
      const found = await pick((snapshot) => snapshot.slices.get('shop/checkout'));
      expect(found).toEqual([
        { portName: 'http', address: '10.1.0.7', port: 8080, podUid, isReady: true, isTerminating: false },
      ]);
    });

    test('shows policies with their spec as it was written', async () => {
      await place.apply(networkPolicy);
      const found = await pick((snapshot) => snapshot.policies.get('NetworkPolicy/shop/guard'));
      expect(found).toMatchObject({ spec: networkPolicy.spec, annotations: { note: 'kept' } });
      expect(found.uid).not.toBe('');
    });

    test('the revision rises with each change, and what did not change keeps its identity', async () => {
      const before = await place.source.resync();
      await place.apply({ ...service, metadata: { ...service.metadata, name: 'second' } });
      await pick((snapshot) => snapshot.services.get('shop/second'));
      const after = place.source.current();
      expect(after.revision).toBeGreaterThan(before.revision);
      expect(after.services.get('shop/checkout')).toBe(before.services.get('shop/checkout'));
      expect(workload(after, 'checkout-1-a')).toBe(workload(before, 'checkout-1-a'));
    });

    test('resync includes what was written just before', async () => {
      for (let round = 0; round < 5; round += 1) {
        await place.apply({ ...service, metadata: { ...service.metadata, name: `round-${round}` } });
        const snapshot = await place.source.resync();
        expect(snapshot.services.has(`shop/round-${round}`)).toBe(true);
      }
    });

    test('listeners get finished snapshots in order', async () => {
      const revisions: number[] = [];
      const forget = place.source.onChange((snapshot) => revisions.push(snapshot.revision));
      for (const one of ['x', 'y', 'z'])
        await place.apply({ ...service, metadata: { ...service.metadata, name: one } });
      await pick((snapshot) => snapshot.services.has('shop/z'));
      forget();
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
      expect(revisions.length).toBeGreaterThan(0);
    });

    test('what is deleted goes', async () => {
      await place.remove('Service', namespace, 'second');
      await place.remove('Pod', namespace, 'forged');
      await place.remove('NetworkPolicy', namespace, 'guard');
      await pick(
        (snapshot) => !snapshot.services.has('shop/second') && !snapshot.policies.has('NetworkPolicy/shop/guard'),
      );
      await pick((snapshot) => workload(snapshot, 'forged') === undefined);
    });

    test('is never stale while it is served', () => {
      expect(place.source.current().isStale).toBe(false);
    });
  });
}
