// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startKubernetes, waitFor, type KubernetesCluster } from '@signet/testing';
import { createKubeClient, loadKubeConfig, type KubeClient } from '../../src/api/kube-client.ts';
import { createKubernetesSource } from '../../src/api/create-kubernetes-source.ts';
import { createPodReader } from '../../src/api/create-pod-reader.ts';
import { createTokenReviewer } from '../../src/api/create-token-reviewer.ts';
import type { ClusterSource } from '../../src/cluster-source.ts';

function definition(group: string, kind: string, plural: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

function authorizationPolicy(name: string): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'default' },
    spec: { rules: [] },
  };
}

describe('a real kube-apiserver', () => {
  let cluster: KubernetesCluster;
  let client: KubeClient;
  let source: ClusterSource;
  const ends: string[] = [];
  const create = (object: object) => cluster.kubectl(['create', '-f', '-'], JSON.stringify(object));

  beforeAll(async () => {
    cluster = await startKubernetes();
    client = createKubeClient(loadKubeConfig(cluster.kubeconfig));
    await cluster.kubectl(['create', 'serviceaccount', 'default']);
    source = createKubernetesSource({
      client,
      trustDomain: 'cluster.local',
      onWatchEnd: (kind, reason) => ends.push(`${kind}: ${reason}`),
    });
    source.start();
    await waitFor(() => source.current().isSynced, { timeoutMs: 30_000 });
  }, 180_000);
  afterAll(async () => {
    await source.stop();
    client.close();
    await cluster.stop();
  }, 60_000);

  test('policies of a definition that comes later are seen, and go with it', async () => {
    expect(source.current().policies.size).toBe(0);
    await create(definition('security.istio.io', 'AuthorizationPolicy', 'authorizationpolicies'));
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/authorizationpolicies.security.istio.io']);
    await waitFor(() => create(authorizationPolicy('early')), { timeoutMs: 10_000 });
    await waitFor(() => source.current().policies.has('AuthorizationPolicy/default/early'), { timeoutMs: 15_000 });
    expect((await source.resync()).policies.has('AuthorizationPolicy/default/early')).toBe(true);
  }, 40_000);

  test('a restart of the server: known to be stale meanwhile, nothing lost, what happened since is seen', async () => {
    const before = source.current();
    await cluster.stopApiserver();
    await waitFor(() => source.current().isStale, { timeoutMs: 20_000, what: 'staleness to be known' });
    expect(source.current().policies.get('AuthorizationPolicy/default/early')).toBe(
      before.policies.get('AuthorizationPolicy/default/early'),
    );
    await expect(source.resync(AbortSignal.timeout(500))).rejects.toMatchObject({ reason: 'KUBERNETES_DOWN' });
    await cluster.startApiserver();
    await create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'after', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    });
    const startedAt = performance.now();
    await waitFor(() => source.current().services.has('default/after') && !source.current().isStale, {
      timeoutMs: 20_000,
    });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(source.current().policies.has('AuthorizationPolicy/default/early')).toBe(true);
    expect(ends.some((end) => end.startsWith('Pod: '))).toBe(true);
  }, 120_000);

  test('TokenReview: a bound token is told from others', async () => {
    const pod = { containers: [{ name: 'a', image: 'a' }] };
    await create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'caller', namespace: 'default' }, spec: pod });
    const uid = await cluster.kubectl(['get', 'pod', 'caller', '-o', 'jsonpath={.metadata.uid}']);
    const reviewer = createTokenReviewer({ client, audiences: ['signet.dev'] });
    const token = async (...args: string[]) => (await cluster.kubectl(['create', 'token', 'default', ...args])).trim();
    const bound = ['--bound-object-kind=Pod', '--bound-object-name=caller', `--bound-object-uid=${uid}`];
    const good = await reviewer.review(await token('--audience=signet.dev', ...bound));
    expect(good).toMatchObject({
      ok: true,
      value: {
        namespace: 'default',
        serviceAccount: 'default',
        podName: 'caller',
        podUid: uid,
        audiences: ['signet.dev'],
      },
    });
    expect(good.ok && good.value.credentialId).toMatch(/^[0-9a-f-]{36}$/);
    expect(good.ok && good.value.expiresAt.getTime()).toBeGreaterThan(Date.now());
    expect(await reviewer.review(await token('--audience=signet.dev'))).toMatchObject({
      ok: true,
      value: { podUid: '' },
    });
    expect(await reviewer.review(await token('--audience=other', ...bound))).toMatchObject({
      ok: false,
      error: { reason: 'TOKEN_REJECTED' },
    });
    expect(await reviewer.review('no token')).toMatchObject({ ok: false, error: { reason: 'TOKEN_REJECTED' } });
    expect(await reviewer.review('x'.repeat(20_000))).toMatchObject({
      ok: false,
      error: { reason: 'TOKEN_MALFORMED' },
    });
  }, 30_000);

  test('a live pod is read by name and UID', async () => {
    const reader = createPodReader({ client });
    const uid = await cluster.kubectl(['get', 'pod', 'caller', '-o', 'jsonpath={.metadata.uid}']);
    const pod = { namespace: 'default', name: 'caller', uid };
    expect(await reader.read(pod)).toMatchObject({
      uid,
      serviceAccount: 'default',
      isTerminating: false,
      hasEnded: false,
    });
    expect(await reader.read({ ...pod, uid: 'another' })).toBeUndefined();
    expect(await reader.read({ ...pod, name: 'nobody' })).toBeUndefined();
    expect(await reader.read({ ...pod, name: '../../secrets' })).toBeUndefined();
  });
});
