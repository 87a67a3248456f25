// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPlayground, type Playground } from '../src/playground.ts';
import { callFrom, countConnections, findPod, listWorkloads, tally, type WorkloadRow } from '../src/pods.ts';

interface FindingRow {
  readonly detector: string;
  readonly pod: string;
  readonly severity: string;
  readonly firstSeen: string;
  readonly signals: readonly { readonly name: string; readonly value: string; readonly hard: boolean }[];
}

const checkoutUrl = 'http://checkout:8080/checkout';

async function findingsOf(mesh: Playground, pod: string): Promise<readonly FindingRow[]> {
  const { findings } = await mesh.signetJson<{ findings: FindingRow[] }>(['findings']);
  return findings.filter((row) => row.pod === pod);
}

async function podNamed(mesh: Playground, name: string): Promise<WorkloadRow> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    // The control plane may be on its way back.
    const workloads = await listWorkloads(mesh).catch(() => []);
    const pod = workloads.find((row) => row.name === name && row.ips.length > 0);
    if (pod !== undefined) return pod;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`pod ${name} did not appear`);
}

async function callUntilServed(
  mesh: Playground,
  client: WorkloadRow,
  count: number,
): Promise<Readonly<Record<string, number>>> {
  const calls = await callFrom(mesh, client, [
    '--method',
    'POST',
    '--count',
    String(count),
    '--parallel',
    '8',
    checkoutUrl,
  ]);
  return { ...tally(calls), byIntruder: calls.filter((call) => call.pod?.startsWith('intruder') === true).length };
}

/** The process of one service of the control plane, when each has its own. */
function pidsOfComponent(mesh: Playground, component: string): number[] {
  return mesh.pidsOf(`control-plane/src/main.ts ${component} `);
}

/** Writes a second intruder under another name. */
function plantIntruder(mesh: Playground, name: string): void {
  const text = readFileSync(path.join(mesh.meshDir, 'intruder.yaml'), 'utf8');
  writeFileSync(path.join(mesh.meshDir, `${name}.yaml`), text.replace('name: intruder', `name: ${name}`));
}

describe('without attestation', () => {
  let mesh: Playground;
  beforeAll(async () => {
    mesh = await startPlayground({ args: ['--without', 'attestation'] });
  }, 240_000);
  afterAll(async () => mesh?.stop(), 60_000);

  test('control: enrolled clients send requests to the intruder', async () => {
    const client = await findPod(mesh, 'shop', 'frontend');
    await callUntilServed(mesh, client, 60);
    expect(await countConnections(mesh, await podNamed(mesh, 'intruder'))).toBeGreaterThan(0);
  }, 60_000);
});

describe('with attestation', () => {
  let mesh: Playground;
  let intruder: WorkloadRow;
  let client: WorkloadRow;
  beforeAll(async () => {
    // One process for each service, so that each can be killed by itself.
    mesh = await startPlayground({ args: ['--split'] });
    intruder = await podNamed(mesh, 'intruder');
    client = await findPod(mesh, 'shop', 'frontend');
  }, 240_000);
  afterAll(async () => mesh?.stop(), 60_000);

  test('none of 1000 calls reaches it', async () => {
    expect(await callUntilServed(mesh, client, 1000)).toEqual({ ok: 1000, refused: 0, error: 0, byIntruder: 0 });
    expect(await countConnections(mesh, intruder)).toBe(0);
  }, 120_000);

  test('the finding says why, with at least two signals of which one is hard', async () => {
    const findings = await findingsOf(mesh, 'intruder');
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) expect(finding.signals.length).toBeGreaterThanOrEqual(2);
    expect(findings.some((finding) => finding.signals.some((signal) => signal.hard))).toBe(true);
  }, 30_000);

  test('a new one is found within two seconds of its creation', async () => {
    plantIntruder(mesh, 'intruder-two');
    const pod = await podNamed(mesh, 'intruder-two');
    const created = JSON.parse(
      readFileSync(path.join(mesh.stateDir, 'cluster', `Pod.shop.${pod.name}.json`), 'utf8'),
    ) as { metadata: { creationTimestamp: string } };
    const [finding] = await findingsOf(mesh, 'intruder-two');
    if (finding === undefined) throw new Error('no finding');
    // creationTimestamp has whole seconds.
    expect(Date.parse(finding.firstSeen) - Date.parse(created.metadata.creationTimestamp)).toBeLessThan(3000);
  }, 60_000);

  test('calls stay away from it while every component is killed and comes back', async () => {
    const running = callUntilServed(mesh, client, 1500);
    for (const component of ['ca', 'discovery', 'config']) {
      const pids = pidsOfComponent(mesh, component);
      expect(pids).toHaveLength(1);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    expect(await running).toMatchObject({ ok: 1500, byIntruder: 0 });
    expect((await mesh.signet(['wait', '--timeout', '60s'], 90_000)).code).toBe(0);
    expect(await callUntilServed(mesh, client, 200)).toMatchObject({ ok: 200, byIntruder: 0 });
    expect(await countConnections(mesh, intruder)).toBe(0);
  }, 180_000);

  test('one that was created while discovery was down is found and gets nothing', async () => {
    const pids = pidsOfComponent(mesh, 'discovery');
    expect(pids).toHaveLength(1);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    plantIntruder(mesh, 'intruder-three');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const pod = await podNamed(mesh, 'intruder-three');
    expect((await mesh.signet(['wait', '--timeout', '60s'], 90_000)).code).toBe(0);
    expect(await findingsOf(mesh, 'intruder-three')).not.toHaveLength(0);
    expect(await callUntilServed(mesh, client, 300)).toMatchObject({ ok: 300, byIntruder: 0 });
    expect(await countConnections(mesh, pod)).toBe(0);
    for (const name of ['intruder-two', 'intruder-three']) rmSync(path.join(mesh.meshDir, `${name}.yaml`));
  }, 120_000);
});
