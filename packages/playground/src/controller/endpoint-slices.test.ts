// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { endpointSlicesOf } from './endpoint-slices.ts';
import type { PodObject, ServiceObject } from './kubernetes-objects.ts';

const service: ServiceObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'cart', namespace: 'shop', uid: 's' },
  spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }] },
};

function pod(name: string, change: Partial<PodObject['metadata']> = {}, ready = true, port = 8080): PodObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, labels: { app: 'cart' }, ...change },
    spec: { containers: [{ name: 'app', image: '', ports: [{ name: 'web', containerPort: port }] }], nodeName: 'n1' },
    status: {
      phase: 'Running',
      podIP: '10.244.1.2',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      containerStatuses: [],
    },
  };
}

describe('endpointSlicesOf', () => {
  test('takes every pod with the labels, whoever made it', () => {
    const [slice] = endpointSlicesOf(service, [
      pod('b'),
      pod('a'),
      pod('other', { labels: { app: 'x' } }),
      pod('elsewhere', { namespace: 'y' }),
    ]);
    expect(slice?.endpoints.map((entry) => entry.targetRef.name)).toEqual(['a', 'b']);
    expect(slice?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
    expect(slice?.metadata.labels?.['kubernetes.io/service-name']).toBe('cart');
  });

  test('a pod that ends is neither ready nor gone', () => {
    const [slice] = endpointSlicesOf(service, [pod('a', { deletionTimestamp: '2026-01-01T00:00:00Z' })]);
    expect(slice?.endpoints[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true });
  });

  test('publishes pods that are not ready where the Service says so', () => {
    const publishing = {
      ...service,
      spec: { ...service.spec, publishNotReadyAddresses: true, ports: service.spec?.ports ?? [] },
    };
    expect(endpointSlicesOf(service, [pod('a', {}, false)])[0]?.endpoints[0]?.conditions.ready).toBe(false);
    expect(endpointSlicesOf(publishing, [pod('a', {}, false)])[0]?.endpoints[0]?.conditions.ready).toBe(true);
  });

  test('pods whose named port differs stand in different slices', () => {
    const slices = endpointSlicesOf(service, [pod('a'), pod('b', {}, true, 9090)]);
    expect(slices.map((slice) => slice.ports[0]?.port)).toEqual([8080, 9090]);
    expect(new Set(slices.map((slice) => slice.metadata.name)).size).toBe(2);
  });
});
