// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import packet from 'dns-packet';
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import type { ServiceObject } from '../controller/kubernetes-objects.ts';
import { dnsRecords } from './dns-records.ts';
import { answerQuery } from './dns-server.ts';

const meta = (name: string) => ({ name, namespace: 'shop' });
const services: ServiceObject[] = [
  { apiVersion: 'v1', kind: 'Service', metadata: meta('cart'), spec: { clusterIP: '10.96.1.1', ports: [] } },
  { apiVersion: 'v1', kind: 'Service', metadata: meta('db'), spec: { clusterIP: 'None', ports: [] } },
];
const slices: EndpointSlice[] = [
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...meta('db-x'), labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.244.1.9'],
        hostname: 'db-0',
        nodeName: 'n',
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'db-0', uid: 'u' },
      },
    ],
    ports: [],
  },
];

function ask(name: string, type: 'A' | 'AAAA' = 'A') {
  const query = packet.decode(packet.encode({ type: 'query', id: 7, questions: [{ type, name }] }));
  const answer = packet.decode(packet.encode(answerQuery(query, dnsRecords(services, slices))));
  return {
    id: answer.id,
    rcode: (answer as { rcode?: string }).rcode,
    data: answer.answers?.map((one) => ('data' in one ? one.data : '')),
  };
}

describe('the cluster’s DNS', () => {
  test.each([
    ['cart.shop.svc.cluster.local', ['10.96.1.1']],
    ['CART.shop.svc.cluster.local', ['10.96.1.1']],
    ['db.shop.svc.cluster.local', ['10.244.1.9']],
    ['db-0.db.shop.svc.cluster.local', ['10.244.1.9']],
  ])('knows %s', (name, data) => {
    expect(ask(name)).toEqual({ id: 7, rcode: 'NOERROR', data });
  });

  test('has no IPv6 addresses, but the name exists', () => {
    expect(ask('cart.shop.svc.cluster.local', 'AAAA')).toEqual({ id: 7, rcode: 'NOERROR', data: [] });
  });

  test('anything else does not exist', () => {
    expect(ask('cart').rcode).toBe('NXDOMAIN');
    expect(ask('example.org').rcode).toBe('NXDOMAIN');
  });
});
