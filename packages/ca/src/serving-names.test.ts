// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, test } from '@jest/globals';
import { formatSpiffeId, type AttestedIdentity } from '@signet/model';
import { at, event, podEvent, revision, serviceEvent } from '../test/inventory-events.ts';
import { PodDirectory } from './inventory/pod-directory.ts';
import { createServingNames } from './serving-names.ts';

let directory: PodDirectory;
const identity: AttestedIdentity = {
  spiffeId: formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'db' }),
  namespace: 'shop',
  serviceAccount: 'db',
  podUid: 'db-0',
  podName: 'db-0',
  nodeName: 'node-a',
  method: 'token-jwks',
};

beforeEach(() => {
  directory = new PodDirectory(() => undefined);
});

function know(...events: readonly Parameters<typeof event>[0][]): void {
  for (const one of [...events, revision()]) directory.apply(event(one), at(0));
}

const names = () => createServingNames(directory, 'example.org').namesFor(identity, 'workload');
const ofService = (name: string): string[] => [
  name,
  `${name}.shop`,
  `${name}.shop.svc`,
  `${name}.shop.svc.example.org`,
];

test('a Service gives its four names', () => {
  know(podEvent('db-0'), serviceEvent('db', { app: 'db-0' }));
  expect(names()).toEqual(ofService('db'));
});

test('a headless Service gives the pods of a StatefulSet names of their own', () => {
  const owners = [{ kind: 'StatefulSet', name: 'db', uid: 'x', verified: true }];
  know(podEvent('db-0', { owners }), {
    service: { namespace: 'shop', name: 'db', selector: { app: 'db-0' }, headless: true },
  });
  expect(names()).toEqual([...ofService('db'), ...ofService('db').map((name) => `db-0.${name}`)]);
});

test('an owner that does not exist gives no names', () => {
  const owners = [{ kind: 'StatefulSet', name: 'db', uid: 'x', verified: false }];
  know(podEvent('db-0', { owners }), {
    service: { namespace: 'shop', name: 'db', selector: { app: 'db-0' }, headless: true },
  });
  expect(names()).toEqual(ofService('db'));
});

test('no Service, no names; no inventory, no answer yet', () => {
  expect(names).toThrow(expect.objectContaining({ reason: 'INVENTORY_NOT_SYNCED' }));
  know(podEvent('db-0'));
  expect(names).toThrow(expect.objectContaining({ reason: 'SERVING_NAMES_MISSING' }));
});

test('the control plane serves under its own names', () => {
  const own = createServingNames(directory, 'example.org').namesFor(
    { ...identity, namespace: 'mesh', podUid: '' },
    'control-plane',
  );
  expect(own).toEqual(expect.arrayContaining(['signet-config', 'signet-ca.mesh.svc.example.org', 'localhost']));
});
