// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { formatSpiffeId } from '@signet/model';
import { at, originsOf, shop, verdicts, type ClusterBuilder } from '../test/cluster-builder.ts';
import { wasBare, type AttestationInput, type AttestationResult } from './attest-endpoints.ts';

const bareIntruder = { owners: [], isEnrolled: false, createdAt: at(-1), serviceAccount: 'default' } as const;
const otherId = formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'other' });

const app = { name: 'app', image: 'checkout:1', imageDigest: 'sha256:checkout', command: [], args: [], ports: [] };

/** Evaluates a shop of honest pods, changes it, and evaluates again with what was remembered. */
function after(change: (cluster: ClusterBuilder) => void, overrides: Partial<AttestationInput> = {}, cluster = shop()) {
  const first = cluster.attest();
  change(cluster);
  return cluster.attest({ origins: originsOf(first), memory: first.memory, now: at(1), ...overrides });
}

describe('a pod that is new behind a Service', () => {
  test.each<[string, (cluster: ClusterBuilder) => void, string]>([
    ['a replica', (c) => c.pod('x', 'checkout'), '+ATTESTED'],
    [
      'a replica of a new ReplicaSet with a new image',
      (c) => {
        c.deployment('checkout', {
          replicaSet: 'checkout-2',
          templateContainers: { app: { image: 'checkout:2', command: [], args: [] } },
        });
        const containers = [
          { name: 'app', image: 'checkout:2', imageDigest: 'sha256:new', command: [], args: [], ports: [] },
        ];
        c.pod('x', 'checkout', { replicaSet: 'checkout-2', containers });
      },
      '+ATTESTED',
    ],
    [
      'a replica with a new account from its template',
      (c) => {
        c.deployment('checkout', { replicaSet: 'checkout-2', templateServiceAccount: 'checkout-new' });
        c.pod('x', 'checkout', { replicaSet: 'checkout-2', serviceAccount: 'checkout-new' });
      },
      '+ATTESTED',
    ],
    ['a bare pod', (c) => c.pod('x', 'checkout', bareIntruder), '-BARE_POD'],
    ['a bare pod that is enrolled under the same account', (c) => c.pod('x', 'checkout', { owners: [] }), '-BARE_POD'],
    [
      'a forged owner reference',
      (c) => {
        const owners = [{ kind: 'ReplicaSet', name: 'checkout-1', uid: 'invented', isVerified: false }];
        c.pod('x', 'checkout', { owners });
      },
      '-BARE_POD',
    ],
    [
      'an owner of a kind that nobody can check',
      (c) => {
        c.pod('x', 'checkout', { owners: [{ kind: 'Rollout', name: 'checkout', uid: 'u', isVerified: false }] });
      },
      '-BARE_POD',
    ],
    [
      'another Deployment',
      (c) => {
        c.deployment('clone');
        c.pod('x', 'clone', { labels: { app: 'checkout' }, serviceAccount: 'checkout' });
      },
      '-FOREIGN_ORIGIN',
    ],
    [
      'another account under the same owner',
      (c) => c.pod('x', 'checkout', { serviceAccount: 'other' }),
      '-FOREIGN_ORIGIN',
    ],
    [
      'an adopted pod',
      (c) => {
        c.pod('x', 'checkout');
        c.adopted.add('pod-x');
      },
      '-FOREIGN_ORIGIN',
    ],
    [
      'an image that its controller does not ask for',
      (c) => {
        const containers = [
          { name: 'app', image: 'evil:1', imageDigest: 'sha256:evil', command: [], args: [], ports: [] },
        ];
        c.pod('x', 'checkout', { containers });
      },
      '-FOREIGN_ORIGIN',
    ],
    [
      'another command under the real owner',
      (c) => c.pod('x', 'checkout', { containers: [{ ...app, command: ['sh', '-c', 'steal'] }] }),
      '-FOREIGN_ORIGIN',
    ],
    [
      'other arguments under the real owner',
      (c) => c.pod('x', 'checkout', { containers: [{ ...app, args: ['--forward=elsewhere'] }] }),
      '-FOREIGN_ORIGIN',
    ],
    ['a container that is missing', (c) => c.pod('x', 'checkout', { containers: [] }), '-FOREIGN_ORIGIN'],
    ['a replica without the agent', (c) => c.pod('x', 'checkout', { isEnrolled: false }), '-NOT_ENROLLED'],
    [
      'a replica without a certificate',
      (c) => {
        c.pod('x', 'checkout');
        c.certificates.delete('pod-x');
      },
      '-NO_CERTIFICATE',
    ],
    [
      'a replica whose certificate has expired',
      (c) => c.pod('x', 'checkout').certificate('x', { notAfter: at(0) }),
      '-NO_CERTIFICATE',
    ],
    [
      'a certificate of somebody else',
      (c) => c.pod('x', 'checkout').certificate('x', { spiffeId: otherId }),
      '-IDENTITY_MISMATCH',
    ],
    ['a replica that is not ready', (c) => c.pod('x', 'checkout', { isReady: false }), '-NOT_READY'],
    ['a replica that is being deleted', (c) => c.pod('x', 'checkout', { isTerminating: true }), '-TERMINATING'],
    ['a replica that has finished', (c) => c.pod('x', 'checkout', { phase: 'Failed' }), '-TERMINATING'],
  ])('%s', (_, change, expected) => {
    expect(verdicts(after(change))['x']).toBe(expected);
  });

  test('not-ready addresses are offered where the Service publishes them', () => {
    const result = after((c) => {
      c.service('checkout', { publishNotReady: true });
      c.pod('x', 'checkout', { isReady: false });
    });
    expect(verdicts(result)['x']).toBe('+ATTESTED');
  });

  test('an address that is not the pod’s is withheld and found', () => {
    const result = after((c) => c.endpoint('shop/checkout', 'checkout-1', { address: '192.0.2.9' }));
    expect(result.endpoints.get('shop/checkout')?.find((one) => one.address === '192.0.2.9')).toMatchObject({
      isOffered: false,
      reason: 'ADDRESS_MISMATCH',
    });
  });

  test('an endpoint whose pod is not known is withheld', () => {
    const result = after((c) => c.endpoint('shop/checkout', 'checkout-1', { podUid: 'unknown', address: '10.9.9.9' }));
    expect(verdicts(result)['10.9.9.9']).toBe('-NOT_READY');
  });

  test('the digest alone of a replica is worth an alert and no hold', () => {
    const containers = [
      { name: 'app', image: 'checkout:1', imageDigest: 'sha256:pushed-again', command: [], args: [], ports: [] },
    ];
    const result = after((c) => c.pod('x', 'checkout', { containers }));
    expect(verdicts(result)['x']).toBe('+ATTESTED');
    expect(result.findings.get('foreign-endpoint/pod-x')).toMatchObject({ severity: 'high', action: 'alert' });
  });
});

test('a sidecar of another version is no reason to look twice', () => {
  const sidecar = { name: 'agent', image: 'agent:2', imageDigest: 'sha256:agent-2', command: [], args: [], ports: [] };
  expect(after((c) => c.pod('x', 'checkout', { containers: [app, sidecar] })).findings.size).toBe(0);
});

describe('an intruder that came while discovery was down', () => {
  test('does not become the origin although it is the oldest', () => {
    const cluster = shop().pod('x', 'checkout', { ...bareIntruder, createdAt: at(-900) });
    expect(verdicts(cluster.attest())).toEqual({
      'checkout-1': '+ATTESTED',
      'checkout-2': '+ATTESTED',
      x: '-BARE_POD',
    });
  });

  test('does not become the origin where the Deployment has no pods yet', () => {
    const cluster = shop();
    cluster.workloads.clear();
    cluster.slices.clear();
    const result = cluster.pod('x', 'checkout', bareIntruder).attest();
    expect(verdicts(result)).toEqual({ x: '-BARE_POD' });
    expect(result.established).toEqual([]);
  });

  test('stays adopted when its finding is remembered', () => {
    const { findings } = after((c) => c.pod('x', 'checkout', bareIntruder));
    const bareBefore = new Set([...findings.values()].filter(wasBare).map((finding) => finding.podUid));
    expect(bareBefore).toEqual(new Set(['pod-x']));
    expect(verdicts(after((c) => c.pod('x', 'checkout'), { bareBefore }))['x']).toBe('-FOREIGN_ORIGIN');
  });
});

describe('Services outside the mesh', () => {
  function legacy(): ClusterBuilder {
    return shop()
      .namespace('legacy', false)
      .service('db', { namespace: 'legacy' })
      .deployment('db', { namespace: 'legacy' })
      .pod('db-1', 'db', { namespace: 'legacy', isEnrolled: false });
  }

  test('are reached in plaintext when their origin is established', () => {
    const result = legacy().attest();
    expect(result.endpoints.get('legacy/db')).toMatchObject([
      { isOffered: true, reason: 'NOT_ENROLLED_ORIGIN', spiffeId: undefined },
    ]);
    expect(result.findings.size).toBe(0);
  });

  test('a bare pod among theirs is withheld all the same', () => {
    const result = after((c) => c.pod('x', 'db', { ...bareIntruder, namespace: 'legacy' }), {}, legacy());
    expect(verdicts(result, 'legacy/db')).toEqual({ 'db-1': '+NOT_ENROLLED_ORIGIN', x: '-BARE_POD' });
  });

  test('an unenrolled pod of an enrolled origin is withheld in a namespace that is not enrolled', () => {
    const cluster = legacy().pod('db-2', 'db', { namespace: 'legacy' });
    expect(verdicts(cluster.attest(), 'legacy/db')).toEqual({ 'db-1': '-NOT_ENROLLED', 'db-2': '+ATTESTED' });
  });

  test('bare pods found an origin where there is nothing else, after a while', () => {
    const cluster = shop()
      .namespace('demo', false)
      .service('web', { namespace: 'demo', createdAt: at(-2) });
    cluster.pod('web', 'web', { namespace: 'demo', owners: [], isEnrolled: false });
    const early = cluster.attest();
    expect(verdicts(early, 'demo/web')).toEqual({ web: '-BARE_POD' });
    expect(early.findings.size).toBe(0);
    expect(early.reviewAt).toEqual(at(3));
    const late = cluster.attest({ now: at(3) });
    expect(verdicts(late, 'demo/web')).toEqual({ web: '+NOT_ENROLLED_ORIGIN' });
    cluster.pod('web-x', 'web', { namespace: 'demo', owners: [], isEnrolled: false });
    const next = cluster.attest({ origins: originsOf(late), memory: late.memory, now: at(4) });
    expect(verdicts(next, 'demo/web')).toEqual({ web: '+NOT_ENROLLED_ORIGIN', 'web-x': '-FOREIGN_ORIGIN' });
  });

  test('a bare origin gives way to controlled pods', () => {
    const cluster = shop().namespace('demo', false).service('web', { namespace: 'demo' });
    cluster.pod('web', 'web', { namespace: 'demo', owners: [], isEnrolled: false });
    const first = cluster.attest();
    cluster.deployment('web', { namespace: 'demo' }).pod('web-1', 'web', { namespace: 'demo', isEnrolled: false });
    const result = cluster.attest({ origins: originsOf(first) });
    expect(verdicts(result, 'demo/web')).toEqual({ web: '-BARE_POD', 'web-1': '+NOT_ENROLLED_ORIGIN' });
  });

  test('addresses written by hand are offered without a selector only, and never a pod’s or a Service’s', () => {
    const cluster = shop().service('external', { selector: {} });
    const hand = { portName: 'tcp', port: 5432, podUid: '', isReady: true, isTerminating: false };
    cluster.slices.set('shop/external', [
      { ...hand, address: '192.0.2.1' },
      { ...hand, address: '10.0.0.1' },
      { ...hand, address: '10.96.0.1' },
    ]);
    cluster.slices.set('shop/checkout', [{ ...hand, address: '192.0.2.2' }]);
    const result = cluster.attest();
    expect(result.endpoints.get('shop/external')?.map((one) => `${one.address} ${one.reason}`)).toEqual([
      '10.0.0.1 ADDRESS_MISMATCH',
      '10.96.0.1 ADDRESS_MISMATCH',
      '192.0.2.1 HAND_WRITTEN',
    ]);
    expect(verdicts(result)).toEqual({ '192.0.2.2': '-ADDRESS_MISMATCH' });
  });
});

describe('an endpoint that is in use', () => {
  test('is not withdrawn on one signal', () => {
    expect(verdicts(after((c) => c.change('checkout-1', { owners: [] })))['checkout-1']).toBe('+ATTESTED');
  });

  test('is withdrawn on two', () => {
    const result = after((c) => c.change('checkout-1', { owners: [], serviceAccount: 'other' }));
    expect(verdicts(result)['checkout-1']).toBe('-BARE_POD');
  });

  test('is never turned into plaintext', () => {
    const result = after((c) => {
      for (const name of ['checkout-1', 'checkout-2']) c.change(name, { isEnrolled: false, spiffeId: undefined });
    });
    const kept = result.endpoints.get('shop/checkout')?.filter((one) => one.isOffered) ?? [];
    expect(kept.every((one) => one.spiffeId === 'spiffe://cluster.local/ns/shop/sa/checkout')).toBe(true);
  });

  test('at most max(1, 20 %) of a Service are withdrawn, and the same ones stay withdrawn', () => {
    const cluster = shop();
    for (let n = 3; n <= 10; n += 1) cluster.pod(`checkout-${n}`, 'checkout');
    const first = cluster.attest();
    for (let n = 1; n <= 10; n += 1) cluster.change(`checkout-${n}`, { owners: [], serviceAccount: 'other' });
    const withdrawn = (result: AttestationResult) =>
      Object.entries(verdicts(result))
        .filter(([, verdict]) => verdict.startsWith('-'))
        .map(([pod]) => pod);
    const second = cluster.attest({ origins: originsOf(first), memory: first.memory });
    expect(withdrawn(second)).toHaveLength(2);
    const third = cluster.attest({ origins: originsOf(first), memory: second.memory });
    expect(withdrawn(third)).toEqual(withdrawn(second));
  });

  test('is withdrawn by nothing that a stale source says', () => {
    const result = after((c) => {
      c.isStale = true;
      c.change('checkout-1', { owners: [], serviceAccount: 'other' });
    });
    expect(verdicts(result)['checkout-1']).toBe('+ATTESTED');
  });

  test('a new endpoint is held on the word of a stale source too', () => {
    const result = after((c) => {
      c.isStale = true;
      c.pod('x', 'checkout', bareIntruder);
    });
    expect(verdicts(result)['x']).toBe('-BARE_POD');
  });

  test('is withdrawn when its pod is not ready, is terminating, or its certificate has expired', () => {
    expect(verdicts(after((c) => c.change('checkout-1', { isReady: false })))['checkout-1']).toBe('-NOT_READY');
    expect(verdicts(after((c) => c.change('checkout-1', { isTerminating: true })))['checkout-1']).toBe('-TERMINATING');
    expect(verdicts(after(() => {}, { now: at(7200) }))['checkout-1']).toBe('-NO_CERTIFICATE');
  });

  test('keeps an expired certificate while the ledger cannot be followed', () => {
    expect(verdicts(after(() => {}, { now: at(7200), isLedgerFollowed: false }))['checkout-1']).toBe('+ATTESTED');
  });
});

describe('established origins', () => {
  test('are those of the oldest controlled pods', () => {
    const cluster = shop()
      .deployment('clone')
      .pod('x', 'clone', { labels: { app: 'checkout' }, createdAt: at(-200) });
    expect(originsOf(cluster.attest()).get('shop/checkout')).toMatchObject({
      kind: 'Deployment',
      name: 'checkout',
      serviceAccount: 'checkout',
      isControlled: true,
      isEnrolled: true,
    });
  });

  test('are not reported again while they stay the same', () => {
    expect(after(() => {}).established).toEqual([]);
  });

  test('follow a Deployment that was created anew', () => {
    const result = after((c) => {
      c.controllers.clear();
      c.workloads.clear();
      c.slices.clear();
      c.deployment('checkout', { uid: 'deployment-again' }).pod('checkout-9', 'checkout');
    });
    expect(verdicts(result)).toEqual({ 'checkout-9': '+ATTESTED' });
    expect(result.established).toMatchObject([{ uid: 'deployment-again' }]);
  });

  test('are replaced only after their controller has been gone for a while, and never by bare pods', () => {
    const cluster = shop();
    const first = cluster.attest();
    const origins = originsOf(first);
    cluster.controllers.clear();
    cluster.workloads.clear();
    cluster.slices.clear();
    cluster.deployment('renamed', { templateLabels: { app: 'checkout' } });
    cluster.pod('new', 'renamed', { labels: { app: 'checkout' } }).pod('x', 'checkout', bareIntruder);
    const soon = cluster.attest({ origins, memory: first.memory, now: at(1) });
    expect(verdicts(soon)).toEqual({ new: '-FOREIGN_ORIGIN', x: '-BARE_POD' });
    expect(soon.reviewAt).toEqual(at(31));
    const later = cluster.attest({ origins, memory: soon.memory, now: at(31) });
    expect(verdicts(later)).toEqual({ new: '+ATTESTED', x: '-BARE_POD' });
  });

  test.each(['isStale', 'isSynced'] as const)('are not founded when %s says so', (field) => {
    const cluster = shop();
    cluster[field] = field === 'isStale';
    expect(cluster.attest().established).toEqual([]);
  });
});

describe('without attestation', () => {
  test('every ready endpoint is offered, unenrolled ones in plaintext, and findings only alert', () => {
    const result = after((c) => c.pod('x', 'checkout', bareIntruder).pod('y', 'checkout', { isReady: false }), {
      attestation: false,
    });
    expect(verdicts(result)).toEqual({
      'checkout-1': '+ATTESTATION_OFF',
      'checkout-2': '+ATTESTATION_OFF',
      x: '+ATTESTATION_OFF',
      y: '-NOT_READY',
    });
    const byPod = new Map(result.endpoints.get('shop/checkout')?.map((one) => [one.pod, one.spiffeId]));
    expect(byPod.get('x')).toBeUndefined();
    expect(byPod.get('checkout-1')).toBe('spiffe://cluster.local/ns/shop/sa/checkout');
    expect(result.findings.get('bare-pod/pod-x')).toMatchObject({ action: 'alert' });
  });
});
