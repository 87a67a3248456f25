// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { buildPolicy, rootNamespace, trustDomain } from '../../test/inventory.ts';
import { compileAuthorization } from './compile-authorization.ts';

const context = { trustDomain, rootNamespace };
const compile = (spec: unknown, annotations = {}) =>
  compileAuthorization(buildPolicy('AuthorizationPolicy', spec, { annotations }), context);
const everything = { id: 'AuthorizationPolicy/shop/policy/0', source: { kind: 'always' }, target: { kind: 'always' } };
const principal = (kind: string, value: string) => ({ kind: 'principal', match: { kind, value } });
const fromSource = (source: unknown, action = 'ALLOW') => ({ action, rules: [{ from: [{ source }] }] });
const sourceOf = (spec: unknown) => compile(spec).compiled?.rules[0]?.source;
const targetOf = (operation: unknown) => compile({ rules: [{ to: [{ operation }] }] }).compiled?.rules[0]?.target;

describe('rules', () => {
  test.each([
    ['absent', {}, []],
    ['absent in a DENY', { action: 'DENY' }, []],
    ['empty list', { rules: [] }, []],
    ['one empty rule', { rules: [{}] }, [everything]],
    ['one null rule', { rules: [null] }, [everything]],
  ])('%s', (_, spec, rules) => {
    expect(compile(spec)).toMatchObject({ problems: [], compiled: { rules } });
  });
});

describe('sources', () => {
  test.each([
    ['principals', 'cluster.local/ns/shop/sa/a', principal('exact', 'spiffe://cluster.local/ns/shop/sa/a')],
    ['principals', 'cluster.local/ns/shop/*', principal('prefix', 'spiffe://cluster.local/ns/shop/')],
    ['principals', '*/sa/a', principal('suffix', '/sa/a')],
    ['principals', '*', principal('prefix', 'spiffe://')],
    ['namespaces', 'shop', principal('prefix', 'spiffe://cluster.local/ns/shop/sa/')],
    ['namespaces', 'shop*', principal('prefix', 'spiffe://cluster.local/ns/shop')],
    ['namespaces', '*-a.b', principal('regex', 'spiffe://cluster\\.local/ns/[^/]*-a\\.b/sa/[^/]+')],
    ['namespaces', '*', principal('prefix', 'spiffe://cluster.local/ns/')],
    ['serviceAccounts', 'a', principal('exact', 'spiffe://cluster.local/ns/shop/sa/a')],
    ['serviceAccounts', 'other/a', principal('exact', 'spiffe://cluster.local/ns/other/sa/a')],
    ['trustDomains', 'td.test', principal('prefix', 'spiffe://td.test/')],
    ['ipBlocks', '10.0.0.0/8', { kind: 'source-ip', range: { address: '10.0.0.0', prefixLength: 8 } }],
    ['ipBlocks', 'fd00::1', { kind: 'source-ip', range: { address: 'fd00::1', prefixLength: 128 } }],
  ])('%s: %s', (field, value, expected) => {
    expect(sourceOf(fromSource({ [field]: [value] }))).toEqual(expected);
  });

  test('cluster.local stands for the own trust domain', () => {
    const policy = buildPolicy('AuthorizationPolicy', fromSource({ principals: ['cluster.local/ns/shop/sa/a'] }));
    const { compiled } = compileAuthorization(policy, { ...context, trustDomain: 'prod.test' });
    expect(compiled?.rules[0]?.source).toEqual(principal('exact', 'spiffe://prod.test/ns/shop/sa/a'));
  });

  test('a negation asks for an identity in an ALLOW and not in a DENY', () => {
    const exact = { kind: 'not', of: principal('exact', 'spiffe://cluster.local/ns/shop/sa/a') };
    const source = { notPrincipals: ['cluster.local/ns/shop/sa/a'] };
    expect(sourceOf(fromSource(source))).toEqual({ kind: 'all', of: [principal('prefix', 'spiffe://'), exact] });
    expect(sourceOf(fromSource(source, 'DENY'))).toEqual(exact);
  });

  test('a negated address asks for no identity', () => {
    expect(sourceOf(fromSource({ notIpBlocks: ['10.0.0.1'] }))).toMatchObject({ kind: 'not' });
  });
});

test('operations join values by OR and fields by AND', () => {
  expect(targetOf({ methods: ['GET', 'PO*'], notPaths: ['/x'], ports: ['80'] })).toEqual({
    kind: 'all',
    of: [
      { kind: 'port', port: 80 },
      {
        kind: 'some',
        of: [
          { kind: 'method', match: { kind: 'exact', value: 'GET' } },
          { kind: 'method', match: { kind: 'prefix', value: 'PO' } },
        ],
      },
      { kind: 'not', of: { kind: 'path', match: { kind: 'exact', value: '/x' } } },
    ],
  });
});

const invalid: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'unknown field of a source',
    { rules: [{ from: [{ source: { remoteIpBlocks: ['1.1.1.1'] } }] }] },
    /rules\[0\]\.from\[0\]\.source\.remoteIpBlocks is not honoured/,
  ],
  [
    'request principals',
    { rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }] },
    /requestPrincipals is not honoured/,
  ],
  [
    'unknown field of an operation',
    { rules: [{ to: [{ operation: { verbs: ['GET'] } }] }] },
    /operation\.verbs is not honoured/,
  ],
  [
    'unknown key',
    { rules: [{ when: [{ key: 'request.auth.claims[a]', values: ['b'] }] }] },
    /request\.auth\.claims\[a\]» is not honoured/,
  ],
  ['pseudo header', { rules: [{ when: [{ key: 'request.headers[:path]', values: ['b'] }] }] }, /is not honoured/],
  ['no values', { rules: [{ when: [{ key: 'source.ip' }] }] }, /must have values or notValues/],
  ['star inside', { rules: [{ to: [{ operation: { paths: ['/a/*/b'] } }] }] }, /paths\[0\] «\/a\/\*\/b»/],
  ['path template', { rules: [{ to: [{ operation: { paths: ['/a/{*}'] } }] }] }, /templates are not honoured/],
  ['port out of range', { rules: [{ to: [{ operation: { ports: ['70000'] } }] }] }, /a port number/],
  ['bad address', { rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/33'] } }] }] }, /a CIDR block/],
  [
    'principal with scheme',
    { rules: [{ from: [{ source: { principals: ['spiffe://a/ns/b/sa/c'] } }] }] },
    /without spiffe/,
  ],
  ['empty list', { rules: [{ from: [{ source: { principals: [] } }] }] }, /at least one entry/],
  ['empty from', { rules: [{ from: [] }] }, /at least one entry/],
  ['empty source', { rules: [{ from: [{ source: {} }] }] }, /must name a source/],
  ['missing source', { rules: [{ from: [{}] }] }, /source must be an object/],
  ['unknown field of the rule', { rules: [{ unless: [] }] }, /unless is not honoured/],
  ['unknown field of the spec', { rules: [{}], priority: 1 }, /spec\.priority is not honoured/],
  [
    'selector with expressions',
    { rules: [{}], selector: { matchExpressions: [] } },
    /matchExpressions is not honoured/,
  ],
  ['rules of another type', { rules: 'all' }, /spec\.rules must be a list/],
];

describe.each(invalid)('invalid: %s', (_, spec, message) => {
  test('in an ALLOW admits nobody', () => {
    const { compiled, problems } = compile({ ...(spec as object), action: 'ALLOW' });
    expect(compiled).toMatchObject({ action: 'ALLOW', rules: [] });
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
  });
  test('in a DENY refuses everybody', () => {
    expect(compile({ ...(spec as object), action: 'DENY' }).compiled).toMatchObject({
      action: 'DENY',
      rules: [everything],
    });
  });
});

describe('actions', () => {
  test('an unknown one refuses the whole target', () => {
    expect(compile({ action: 'PERMIT', rules: [] }).compiled).toMatchObject({ action: 'DENY', rules: [everything] });
  });
  test('AUDIT has no effect and says so', () => {
    expect(compile({ action: 'AUDIT', rules: [{}] })).toMatchObject({
      compiled: undefined,
      problems: [{ reason: 'NotHonoured' }],
    });
  });
  test('CUSTOM refuses what it matches', () => {
    const spec = { action: 'CUSTOM', provider: { name: 'x' }, rules: [{ to: [{ operation: { paths: ['/a'] } }] }] };
    const { compiled, problems } = compile(spec);
    expect(compiled).toMatchObject({ action: 'DENY', rules: [{ target: { kind: 'path' } }] });
    expect(problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining('CUSTOM'),
      expect.stringContaining('spec.provider'),
    ]);
  });
  test('a dry run is not enforced', () => {
    expect(compile({ rules: [] }, { 'istio.io/dry-run': 'true' }).compiled).toBeUndefined();
  });
  test('targetRefs apply to no pod', () => {
    expect(compile({ targetRefs: [{ kind: 'Gateway', name: 'g' }], rules: [] }).compiled).toBeUndefined();
  });
});
