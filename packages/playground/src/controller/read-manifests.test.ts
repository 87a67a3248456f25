// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parseManifests } from './read-manifests.ts';

describe('parseManifests', () => {
  test('reads several documents and lists, and leaves other kinds alone', () => {
    const { objects, problems } = parseManifests(
      `
kind: Namespace
apiVersion: v1
metadata: { name: shop }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Service, metadata: { name: cart, namespace: shop }, spec: { ports: [{ port: 80 }] } }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default }
`,
      'x.yaml',
    );
    expect(problems).toEqual([]);
    expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ['Namespace', undefined, 'shop'],
      ['Service', 'shop', 'cart'],
    ]);
  });

  test('names file, line and field', () => {
    const text =
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: b }\nspec:\n  ports:\n    - { port: 80 }\n    - { port: 0 }\n';
    const { problems, isBroken } = parseManifests(text, 'x.yaml');
    expect(problems).toEqual([expect.stringMatching(/^x\.yaml:11: Service b: spec\.ports\.1\.port: /)]);
    expect(isBroken).toBe(false);
  });

  test('says that a file is no YAML', () => {
    const { objects, problems, isBroken } = parseManifests('a: b\n c: [d\n', 'x.yaml');
    expect(objects).toEqual([]);
    expect(problems[0]).toMatch(/^x\.yaml:\d: /);
    expect(isBroken).toBe(true);
  });

  test('says what of a pod it leaves out', () => {
    const text = `
apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  hostNetwork: true
  containers:
    - name: app
      volumeMounts: [{ name: data, mountPath: /data }]
`;
    const { objects, problems } = parseManifests(text, 'x.yaml');
    expect(objects).toHaveLength(1);
    expect(problems).toEqual([
      expect.stringMatching(/^x\.yaml:9: Pod a: spec\.containers\.0\.volumeMounts: /),
      expect.stringMatching(/^x\.yaml:6: Pod a: spec\.hostNetwork: /),
    ]);
  });

  test('says which kinds it does not run', () => {
    const { problems } = parseManifests('apiVersion: batch/v1\nkind: Job\nmetadata: { name: once }\n', 'x.yaml');
    expect(problems).toEqual([expect.stringContaining('Job once')]);
  });
});
