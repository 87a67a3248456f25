// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { manifestUid } from './manifest-uid.ts';
import { parseManifests } from './parse-manifests.ts';

const service = `apiVersion: v1
kind: Service
metadata:
  name: checkout
spec:
  ports:
    - port: 80
`;

describe('parseManifests', () => {
  test('reads documents and lists, with defaults and places', () => {
    const { objects, problems } = parseManifests(
      `# comment\n${service}---\napiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: { name: shop }\n---\n---\n`,
      'a.yaml',
    );
    expect(problems).toEqual([]);
    expect(
      objects.map(({ object, origin }) => [object.kind, object.metadata.namespace, object.metadata.name, origin]),
    ).toEqual([
      ['Service', 'default', 'checkout', 'a.yaml:2'],
      ['Namespace', '', 'shop', 'a.yaml:13'],
    ]);
    expect(objects[0]?.object.metadata.uid).toBe(
      manifestUid({ kind: 'Service', namespace: 'default', name: 'checkout' }),
    );
    expect(objects[1]?.object.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'shop' });
  });

  test('reads JSON', () => {
    const { objects } = parseManifests(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u"},"spec":{"containers":[]}}',
      'p.json',
    );
    expect(objects[0]?.object.metadata).toMatchObject({ name: 'p', uid: 'u', namespace: 'default' });
  });

  test.each<[string, string, string]>([
    ['bad syntax', `${service}  selector: [a\n`, 'x.yaml:9:1: spec.selector[0]: '],
    ['a tab', 'apiVersion: v1\nkind: Service\nmetadata:\n\tname: x\n', 'x.yaml:4:1: metadata: '],
    ['a key twice', `${service}spec: {}\n`, 'x.yaml:8:1: spec: Map keys must be unique'],
    ['no kind', 'apiVersion: v1\nmetadata: { name: x }\n', 'x.yaml:1:1: kind: expected text, found nothing'],
    ['a list', '- a\n', 'x.yaml:1:1: (document): expected a map, found a list'],
    ['text', 'just text\n', 'x.yaml:1:1: (document): expected a map, found string "just text"'],
    [
      'a bad name',
      service.replace('checkout', 'Check Out'),
      'x.yaml:4:3: metadata.name: expected a lower-case name, found string "Check Out"',
    ],
    [
      'a port out of range',
      service.replace('80', '70000'),
      'x.yaml:7:7: spec.ports[0].port: expected a port from 1 to 65535, found number 70000',
    ],
    [
      'a port as text',
      service.replace('80', '"http"'),
      'x.yaml:7:7: spec.ports[0].port: expected a port from 1 to 65535, found string "http"',
    ],
    [
      'a label that is no text',
      service.replace('metadata:', 'metadata:\n  labels: { tier: 1 }'),
      'x.yaml:4:13: metadata.labels.tier: expected text, found number 1; quote it',
    ],
    [
      'a policy whose spec is a list',
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: a\nspec:\n  - rules\n',
      'x.yaml:5:1: spec: expected a map, found a list',
    ],
    ['the second of two documents', `${service}---\nkind: 5\n`, 'x.yaml:9:1: apiVersion: expected text, found nothing'],
    [
      'an item of a list',
      'kind: List\napiVersion: v1\nitems:\n  - kind: Pod\n',
      'x.yaml:4:5: items[0].apiVersion: expected text, found nothing',
    ],
  ])('says where and why: %s', (_, text, expected) => {
    const { objects, problems } = parseManifests(text, 'x.yaml');
    expect(objects).toEqual([]);
    expect(problems[0]?.slice(0, expected.length)).toBe(expected);
  });

  test('a bomb of aliases is refused', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array.from({ length: 10 }, () => `*l${n}`).join(', ')}]`,
    );
    const { problems } = parseManifests(['l0: &l0 [x, x, x]', ...levels].join('\n'), 'bomb.yaml');
    expect(problems[0]).toMatch(/^bomb\.yaml:1:1: \(document\): .*alias/i);
  });

  test('nesting without end is refused', () => {
    const { objects, problems } = parseManifests(`a: ${'['.repeat(100_000)}`, 'deep.yaml');
    expect(objects).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
  });
});
