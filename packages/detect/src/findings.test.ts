// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { at, originsOf, shop, type ClusterBuilder } from '../test/cluster-builder.ts';

function findingsAfter(change: (cluster: ClusterBuilder) => void) {
  const cluster = shop();
  const first = cluster.attest({ now: at(-10) });
  change(cluster);
  return cluster.attest({ origins: originsOf(first), memory: first.memory });
}

const bare = { owners: [], isEnrolled: false, serviceAccount: 'default', node: 'node-9', createdAt: at(-1) } as const;

test('honest pods make no findings', () => {
  expect([...findingsAfter((c) => c.pod('x', 'checkout')).findings.keys()]).toEqual([]);
});

test('the label-copying intruder: everything that speaks against it in one finding', () => {
  const { findings } = findingsAfter((c) => {
    c.service('checkout-metrics', { selector: { app: 'checkout' } });
    c.policy('NetworkPolicy', 'payments', {
      podSelector: { matchLabels: { app: 'payments' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'checkout' } } }] }],
    });
    c.policy('NetworkPolicy', 'unrelated', { podSelector: { matchLabels: { app: 'cart' } } });
    c.policy('AuthorizationPolicy', 'vault/all', { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] });
    c.policy('PeerAuthentication', 'signet-system/default', { mtls: { mode: 'STRICT' } });
    c.pod('x', 'checkout', {
      ...bare,
      containers: [{ name: 'app', image: 'e', imageDigest: 'sha256:e', command: [], args: [], ports: [] }],
    });
  });
  expect([...findings.keys()]).toEqual(['bare-pod/pod-x']);
  const finding = findings.get('bare-pod/pod-x');
  expect(finding).toMatchObject({
    detector: 'bare-pod',
    severity: 'high',
    action: 'hold-endpoint',
    pod: 'x',
    services: ['shop/checkout', 'shop/checkout-metrics'],
    policies: [
      'AuthorizationPolicy/vault/all',
      'NetworkPolicy/shop/payments',
      'PeerAuthentication/signet-system/default',
    ],
    firstSeen: at(0),
  });
  expect(finding?.signals.map((one) => [one.name, one.isHard])).toEqual([
    ['owner.missing', true],
    ['service-account.differs', true],
    ['image-digest.differs', true],
    ['enrolment.missing', false],
    ['certificate.missing', true],
    ['namespace.enrolled', true],
    ['created-after-establishment', true],
    ['node.unusual', false],
    ['labels.match', false],
  ]);
});

test('another controller under another account is critical', () => {
  const { findings } = findingsAfter((c) => c.deployment('clone').pod('x', 'clone', { labels: { app: 'checkout' } }));
  expect(findings.get('foreign-endpoint/pod-x')).toMatchObject({ severity: 'critical', action: 'hold-endpoint' });
});

test('a replica outside the mesh is found', () => {
  const { findings } = findingsAfter((c) => c.pod('x', 'checkout', { isEnrolled: false }));
  expect(findings.get('not-enrolled/pod-x')).toMatchObject({ severity: 'high', action: 'hold-endpoint' });
});

test('a pod that opted out and that no Service selects is a note', () => {
  const { findings } = findingsAfter((c) => c.pod('x', 'job', { isEnrolled: false }));
  expect(findings.get('not-enrolled/pod-x')).toMatchObject({ severity: 'low', action: 'record', services: [] });
  expect(findings.get('not-enrolled/pod-x')?.signals.length).toBeGreaterThanOrEqual(2);
});

test('a pod that has finished is no finding any more', () => {
  expect(findingsAfter((c) => c.pod('x', 'checkout', { ...bare, phase: 'Succeeded' })).findings.size).toBe(0);
});

test('the date of a finding is remembered', () => {
  const cluster = shop().pod('x', 'checkout', bare);
  const { findings } = cluster.attest({ firstSeen: new Map([['bare-pod/pod-x', at(-77)]]) });
  expect(findings.get('bare-pod/pod-x')?.firstSeen).toEqual(at(-77));
});
