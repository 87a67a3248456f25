// SPDX-License-Identifier: Apache-2.0
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLoad } from '../src/load.ts';
import { readContext, startPlayground, type Playground } from '../src/playground.ts';
import { callFrom, findPod, type SampleCall, type WorkloadRow } from '../src/pods.ts';

let mesh: Playground;
const pods: Record<string, WorkloadRow> = {};
beforeAll(async () => {
  mesh = await startPlayground();
  for (const [namespace, name] of [
    ['shop', 'frontend'],
    ['shop', 'checkout'],
    ['shop', 'cart'],
    ['outside', 'outsider'],
  ] as const) {
    pods[name] = await findPod(mesh, namespace, name);
  }
}, 240_000);
afterAll(async () => mesh?.stop(), 60_000);

function fileOf(name: string): string {
  return path.join(mesh.meshDir, `edit-${name}.yaml`);
}

/** Puts a policy file in place at once, as an editor or a git checkout would. */
function writePolicy(name: string, text: string): void {
  const temporary = path.join(mesh.meshDir, `.${name}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, fileOf(name));
}

async function call(from: string, args: readonly string[]): Promise<SampleCall> {
  const pod = pods[from];
  if (pod === undefined) throw new Error(`no pod ${from}`);
  const [result] = await callFrom(mesh, pod, args);
  if (result === undefined) throw new Error('no result');
  return result;
}

const allow = (target: string, port: string, caller: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: edit-${target}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${target} } }
  action: ALLOW
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/${caller}] } }]
      to: [{ operation: { ports: ["${port}"] } }]
`;

/** A policy that comes and goes, and a call that shows whether it is in force. */
interface Edit {
  readonly name: string;
  readonly policy: string;
  /** Resolves to true while the policy is in force. */
  readonly isInForce: () => Promise<boolean>;
}

const edits: readonly Edit[] = [
  {
    name: 'allow-http',
    policy: allow('catalog', '8080', 'cart'),
    isInForce: async () => (await call('cart', ['http://catalog:8080/products'])).status === 200,
  },
  {
    name: 'allow-tcp',
    policy: allow('orders', '5432', 'cart'),
    isInForce: async () => (await call('cart', ['tcp://orders:5432'])).outcome === 'ok',
  },
  {
    name: 'deny-path',
    policy: `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: edit-deny, namespace: shop }
spec:
  selector: { matchLabels: { app: catalog } }
  action: DENY
  rules: [{ to: [{ operation: { paths: [/products/secret] } }] }]
`,
    isInForce: async () => (await call('frontend', ['http://catalog:8080/products/secret'])).status === 403,
  },
  {
    name: 'permissive',
    policy: `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: edit-catalog, namespace: shop }
spec:
  selector: { matchLabels: { app: catalog } }
  mtls: { mode: PERMISSIVE }
`,
    // Plaintext is then read, and refused by the access rules instead of by the listener.
    isInForce: async () => (await call('outsider', ['http://catalog.shop:8080/products'])).status === 403,
  },
  {
    name: 'simple-tls',
    policy: `
apiVersion: signet.dev/v1alpha1
kind: TransportPolicy
metadata: { name: edit-cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  ports: [{ port: 8080, mode: SIMPLE_TLS }]
`,
    isInForce: async () => {
      const { rootsFile } = readContext(mesh);
      return (await call('outsider', ['--ca', rootsFile, 'https://cart.shop:8080/cart'])).status === 403;
    },
  },
];

test('20 edits under load: no legitimate call fails, and each edit bites once wait returns', async () => {
  const { frontend, checkout } = pods;
  if (frontend === undefined || checkout === undefined) throw new Error('pods are missing');
  const loads = [
    await startLoad(mesh, frontend, { targets: ['http://catalog:8080/products', 'http://cart:8080/cart'], rate: 50 }),
    await startLoad(mesh, checkout, { targets: ['tcp://orders:5432', 'http://cart:8080/cart'], rate: 15 }),
  ];
  const startedMs = performance.now();
  const seen: string[] = [];
  try {
    for (let round = 0; round < 2; round += 1) {
      for (const edit of edits) {
        writePolicy(edit.name, edit.policy);
        expect((await mesh.signet(['wait', '--timeout', '30s'], 60_000)).code).toBe(0);
        seen.push(`${edit.name} on: ${await edit.isInForce()}`);
        rmSync(fileOf(edit.name));
        expect((await mesh.signet(['wait', '--timeout', '30s'], 60_000)).code).toBe(0);
        seen.push(`${edit.name} off: ${await edit.isInForce()}`);
      }
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const counts = (await Promise.all(loads.map((load) => load.counts()))).flat();
    expect(seen).toEqual([...edits, ...edits].flatMap((edit) => [`${edit.name} on: true`, `${edit.name} off: false`]));
    expect(counts.filter((count) => count.refused + count.error > 0)).toEqual([]);
    expect(counts.reduce((sum, count) => sum + count.ok, 0) / seconds).toBeGreaterThanOrEqual(100);
  } finally {
    for (const load of loads) await load.stop();
  }
}, 480_000);

test('a file that does not parse is named with line and field, and its last good objects stay', async () => {
  writePolicy('parse', allow('catalog', '8080', 'cart'));
  expect((await mesh.signet(['wait', '--timeout', '30s'], 60_000)).code).toBe(0);
  expect((await call('cart', ['http://catalog:8080/products'])).status).toBe(200);

  writePolicy('parse', `${allow('catalog', '8080', 'checkout')}\n  action: [unclosed\n`);
  const wait = await mesh.signet(['wait', '--timeout', '30s'], 60_000);
  expect(wait.code).not.toBe(0);
  expect(wait.stderr).toMatch(/edit-parse\.yaml:\d+:\d+: /);
  expect((await call('cart', ['http://catalog:8080/products'])).status).toBe(200);
  rmSync(fileOf('parse'));
  expect((await mesh.signet(['wait', '--timeout', '30s'], 60_000)).code).toBe(0);
}, 120_000);

test('an invalid DENY denies its whole target, an invalid ALLOW adds nothing, and the status says so', async () => {
  const invalid = (action: string, target: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: edit-invalid-${action.toLowerCase()}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${target} } }
  action: ${action}
  rules: [{ from: [{ source: { principalz: [cluster.local/ns/shop/sa/cart] } }] }]
`;
  writePolicy('invalid-deny', invalid('DENY', 'catalog'));
  writePolicy('invalid-allow', invalid('ALLOW', 'cart'));
  expect((await mesh.signet(['wait', '--timeout', '30s'], 60_000)).code).toBe(0);
  expect((await call('frontend', ['http://catalog:8080/products'])).status).toBe(403);
  expect((await call('frontend', ['http://cart:8080/cart'])).status).toBe(200);
  expect((await call('outsider', ['http://cart.shop:8080/cart'])).outcome).toBe('refused');
  const shown = await mesh.signet(['policies', '-o', 'json']);
  const { policies } = JSON.parse(shown.stdout) as {
    policies: { name: string; accepted: boolean; messages: string[] }[];
  };
  for (const action of ['deny', 'allow']) {
    const status = policies.find((row) => row.name === `edit-invalid-${action}`);
    expect(status?.accepted).toBe(false);
    expect(status?.messages.join(' ')).toContain('principalz');
  }
  rmSync(fileOf('invalid-deny'));
  rmSync(fileOf('invalid-allow'));
  expect((await mesh.signet(['wait', '--timeout', '30s'], 60_000)).code).toBe(0);
  expect((await call('frontend', ['http://catalog:8080/products'])).status).toBe(200);
}, 120_000);
