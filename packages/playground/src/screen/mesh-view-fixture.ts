// SPDX-License-Identifier: Apache-2.0
import type {
  Edge__Output,
  Endpoint__Output,
  Policy__Output,
  PolicyStatus__Output,
  Workload__Output,
} from '@signet/proto';
import type { MeshView } from './mesh-client.ts';

/** Written by hand after what a run of the example mesh answers. */
export const cart = {
  uid: 'u-cart',
  namespace: 'shop',
  name: 'cart-1',
  ips: ['10.244.1.2'],
  enrolled: true,
  ready: true,
  terminating: false,
  phase: 'Running',
  spiffeId: 'spiffe://cluster.local/ns/shop/sa/cart',
  certificate: {
    serial: 'aabbccddee',
    spiffeId: '',
    notBefore: { seconds: 1_700_000_000, nanos: 0 },
    notAfter: { seconds: 1_700_086_400, nanos: 0 },
  },
  annotations: {},
} as unknown as Workload__Output;

export const frontend = {
  ...cart,
  uid: 'u-front',
  name: 'frontend-1',
  ips: ['10.244.1.3'],
  spiffeId: 'spiffe://cluster.local/ns/shop/sa/frontend',
};

export const outsider = {
  ...cart,
  uid: 'u-out',
  namespace: 'outside',
  name: 'outsider-1',
  ips: ['10.244.1.9'],
  enrolled: false,
  spiffeId: '',
  certificate: null,
};

export const endpoint = {
  namespace: 'shop',
  service: 'cart',
  pod: 'cart-1',
  podUid: 'u-cart',
  port: 8080,
} as unknown as Endpoint__Output;

export const edge = {
  source: 'shop/frontend',
  sourcePod: 'frontend-1',
  sourceSpiffeId: frontend.spiffeId,
  sourceSerial: '0f',
  destination: 'shop/cart',
  destinationPod: 'cart-1',
  destinationPort: 8080,
  destinationSerial: 'aabbccddee',
  transport: 'mtls',
  tlsVersion: 'TLSv1.3',
  verdict: 'ALLOWED',
  rule: 'AuthorizationPolicy/shop/cart/0',
  calls: 3,
  lastSeen: { seconds: 1_700_000_060, nanos: 0 },
} as Edge__Output;

const policy = (name: string, spec: object): Policy__Output =>
  ({ kind: 'AuthorizationPolicy', namespace: 'shop', name, specJson: JSON.stringify(spec) }) as Policy__Output;
const status = (name: string): PolicyStatus__Output =>
  ({
    kind: 'AuthorizationPolicy',
    namespace: 'shop',
    name,
    accepted: true,
    reason: 'Accepted',
    messages: [],
    workloads: ['shop/cart-1'],
  }) as PolicyStatus__Output;

export const view: MeshView = {
  workloads: [cart, frontend, outsider],
  endpoints: [endpoint],
  edges: [edge],
  findings: [],
  policies: [policy('cart', { rules: [] }), policy('cart-admin', { action: 'DENY', rules: [] }), policy('other', {})],
  policyStatuses: [status('cart'), status('cart-admin')],
  fileProblems: [],
  proxies: [],
};
