// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startKubernetes, waitFor, type KubernetesCluster } from '@signet/testing';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'none' }] } },
  },
};

describe('kubernetes', () => {
  let cluster: KubernetesCluster;
  beforeAll(async () => {
    cluster = await startKubernetes({ controllers: true });
  }, 120_000);
  afterAll(() => cluster.stop(), 30_000);

  async function podNames(): Promise<string[]> {
    const list = JSON.parse(await cluster.kubectl(['get', 'pods', '-o', 'json'])) as {
      items: { metadata: { name: string } }[];
    };
    return list.items.map((pod) => pod.metadata.name);
  }

  test('expands a Deployment into pods and issues tokens for one of them', async () => {
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(deployment));
    const names = await waitFor(async () => {
      const found = await podNames();
      return found.length === 2 && found;
    });
    const token = await cluster.kubectl([
      ...['create', 'token', 'default', '--audience', 'signet.dev'],
      ...['--bound-object-kind', 'Pod', '--bound-object-name', names[0] ?? ''],
    ]);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      iss: string;
      aud: string[];
      'kubernetes.io': { pod: { name: string } };
    };
    expect(claims.iss).toBe(cluster.issuer);
    expect(claims.aud).toEqual(['signet.dev']);
    expect(claims['kubernetes.io'].pod.name).toBe(names[0]);
    expect(await cluster.kubectl(['get', '--raw', '/openid/v1/jwks'])).toContain('"keys"');
  }, 60_000);

  test('keeps its objects over a restart of the apiserver', async () => {
    await cluster.kubectl(['create', 'namespace', 'kept']);
    await cluster.restartApiserver();
    expect(await cluster.kubectl(['get', 'namespace', 'kept', '-o', 'name'])).toBe('namespace/kept\n');
  }, 60_000);
});
