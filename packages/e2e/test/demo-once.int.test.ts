// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readDeclaredCalls } from '../src/declared-calls.ts';
import { createDemoPlace, type DemoPlace, type DemoRun } from '../src/demo-place.ts';
import { repositoryDir } from '../src/playground.ts';

interface DemoDocument {
  readonly workloads: readonly {
    readonly namespace: string;
    readonly pod: string;
    readonly service: string | null;
    readonly enrolled: boolean;
    readonly spiffeId: string | null;
    readonly serial: string | null;
  }[];
  readonly calls: readonly DemoCall[];
  readonly findings: readonly {
    readonly namespace: string;
    readonly pod: string;
    readonly signals: readonly { readonly name: string }[];
    readonly action: string;
  }[];
  readonly proxies: readonly { readonly pod: string; readonly acked: number; readonly nacked: number }[];
}

interface DemoCall {
  readonly from: string;
  readonly to: string;
  readonly expected: string;
  readonly verdict: string;
  readonly mtls: boolean;
  readonly clientSerial: string | null;
  readonly serverSerial: string | null;
  readonly rule: string | null;
}

const schema = JSON.parse(readFileSync(path.join(repositoryDir, 'docs/demo-output.schema.json'), 'utf8')) as object;
const isValid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
const declared = readDeclaredCalls(path.join(repositoryDir, 'docs/examples/shop'));

/** The run ended well, said on stderr what it did, and stdout is one document that keeps to the schema. */
function documentOf(run: DemoRun): DemoDocument {
  expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
  const document: unknown = JSON.parse(run.stdout);
  isValid(document);
  expect(isValid.errors ?? []).toEqual([]);
  expect(run.stderr).toContain('every proxy has acknowledged');
  return document as DemoDocument;
}

/** Every declared call was made by every pod that declares it, nothing else was, and all came out as expected. */
function expectDeclaredCalls({ workloads, calls }: DemoDocument): void {
  const serviceOf = (to: string): string => workloads.find((workload) => workload.pod === to)?.service ?? to;
  for (const { workload, replicas, calls: wanted } of declared) {
    const pods = new Set(
      calls.map((call) => call.from).filter((from) => from.replace(/-[^-]+-[^-]+$/, '') === workload),
    );
    expect({ workload, pods: pods.size }).toEqual({ workload, pods: replicas });
    for (const pod of pods) {
      const made = calls.filter((call) => call.from === pod).map((call) => `${serviceOf(call.to)} ${call.expected}`);
      expect(made.toSorted()).toEqual(wanted.map(({ to, expected }) => `${to} ${expected}`).toSorted());
    }
  }
  expect(calls).toHaveLength(declared.reduce((sum, { replicas, calls: wanted }) => sum + replicas * wanted.length, 0));
  expect(calls.filter((call) => call.verdict !== call.expected)).toEqual([]);
}

/** What both sides of each call saw fits what is said of the pods. */
function expectIdentities({ workloads, calls }: DemoDocument): void {
  const byPod = new Map(workloads.map((workload) => [workload.pod, workload]));
  expect(byPod.size).toBe(workloads.length);
  for (const { enrolled, spiffeId, serial } of workloads) {
    expect({ spiffeId: spiffeId !== null, serial: serial !== null }).toEqual({ spiffeId: enrolled, serial: enrolled });
  }
  for (const call of calls) {
    const isMesh = byPod.get(call.from)?.enrolled === true && byPod.get(call.to)?.enrolled === true;
    if (call.verdict === 'allowed') expect({ ...call, mtls: call.mtls }).toEqual({ ...call, mtls: isMesh });
    const serials = { clientSerial: call.clientSerial, serverSerial: call.serverSerial };
    const own = { clientSerial: byPod.get(call.from)?.serial, serverSerial: byPod.get(call.to)?.serial };
    if (call.mtls) expect({ call, ...serials }).toEqual({ call, ...own });
    else expect(call.clientSerial).toBeNull();
  }
  const denied = calls.filter((call) => call.rule === 'AuthorizationPolicy/shop/payments-admin/0');
  expect(denied.map((call) => call.verdict)).toEqual(['refused', 'refused']);
  const ruleless = calls.filter(
    (call) => call.mtls && call.verdict === 'allowed' && !/^AuthorizationPolicy\/shop\/.+\/\d+$/.test(call.rule ?? ''),
  );
  expect(ruleless).toEqual([]);
}

function expectIntruderFound({ workloads, findings }: DemoDocument, action: string): void {
  const intruder = workloads.find((workload) => workload.pod === 'intruder');
  expect(intruder).toMatchObject({
    namespace: 'shop',
    service: 'checkout',
    enrolled: false,
    spiffeId: null,
    serial: null,
  });
  expect(findings.map(({ namespace, pod }) => `${namespace}/${pod}`)).toEqual(['shop/intruder']);
  expect(findings[0]?.action).toBe(action);
  expect(new Set(findings[0]?.signals.map(({ name }) => name)).size).toBeGreaterThanOrEqual(2);
}

/** Every enrolled pod has a proxy, which acknowledged something and rejected nothing. */
function expectAcknowledged({ workloads, proxies }: DemoDocument): void {
  const enrolled = workloads.filter((workload) => workload.enrolled).map((workload) => workload.pod);
  expect(enrolled.length).toBeGreaterThanOrEqual(9);
  expect(proxies.map(({ pod }) => pod).toSorted()).toEqual(enrolled.toSorted());
  expect(proxies.filter(({ acked, nacked }) => acked === 0 || nacked > 0)).toEqual([]);
}

function expectWholeDocument(document: DemoDocument, action: string): void {
  expectDeclaredCalls(document);
  expectIdentities(document);
  expectAcknowledged(document);
  expectIntruderFound(document, action);
}

describe('npm run --silent demo -- --once -o json', () => {
  const seen = new Map<string, DemoDocument>();
  let place: DemoPlace;
  beforeAll(async () => {
    place = await createDemoPlace('own');
  });
  afterAll(() => place?.remove());

  const rootsOf = (at: DemoPlace): string => readFileSync(path.join(at.stateDir, 'public/roots.pem'), 'utf8');

  test('shows the mission working, as the user who runs the tests', async () => {
    const run = await place.run();
    const document = documentOf(run);
    expectWholeDocument(document, 'hold-endpoint');
    expect(document.calls.filter((call) => call.to === 'intruder')).toEqual([]);
    // ≈ 15 s on a machine that does nothing else.
    expect(run.upMs).toBeLessThan(90_000);
    seen.set('first', document);
  }, 300_000);

  test('leaves no process, mount, socket or lock', async () => {
    expect(await place.leftovers()).toEqual([]);
  });

  test('--without attestation, on the same state: the same root, every Ready endpoint offered, calls as expected', async () => {
    const before = rootsOf(place);
    // The CA has to write it again, from what it keeps.
    rmSync(path.join(place.stateDir, 'public'), { recursive: true });
    const document = documentOf(await place.run(['--without', 'attestation']));
    expect(rootsOf(place)).toBe(before);
    expectWholeDocument(document, 'alert');
    const first = seen.get('first')?.workloads.map((workload) => workload.serial);
    expect(document.workloads.filter(({ serial }) => serial !== null && first?.includes(serial))).toEqual([]);
    expect(await place.leftovers()).toEqual([]);
  }, 300_000);
});

// An ordinary user who runs the tests has seen it above.
if (process.getuid?.() === 0) {
  describe('npm run --silent demo -- --once -o json, as an ordinary user', () => {
    let place: DemoPlace;
    beforeAll(async () => {
      place = await createDemoPlace('ordinary');
    });
    afterAll(() => place?.remove());

    test('shows the same and leaves nothing', async () => {
      expectWholeDocument(documentOf(await place.run()), 'hold-endpoint');
      expect(await place.leftovers()).toEqual([]);
    }, 300_000);
  });
}
