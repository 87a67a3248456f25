// SPDX-License-Identifier: Apache-2.0
// Traffic, policy edits and kills of the control plane for SIGNET_SOAK_MINUTES (60). With SIGNET_SOAK_REPORT the figures are
// written to that file as Markdown.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLoad, type Load } from '../src/load.ts';
import { startPlayground, type Playground } from '../src/playground.ts';
import { findPod } from '../src/pods.ts';

const minutes = Number(process.env['SIGNET_SOAK_MINUTES'] ?? 60);
const killEveryMs = 60_000;

let mesh: Playground;
beforeAll(async () => {
  mesh = await startPlayground();
}, 240_000);
afterAll(async () => mesh?.stop(), 60_000);

/** Resident memory of the processes whose command line contains the text, MiB, added up. */
function residentMiB(text: string): number {
  const kilobytes = mesh.pidsOf(text).map((pid) => {
    try {
      return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return Math.round(kilobytes.reduce((sum, value) => sum + value, 0) / 1024);
}

function toggle(isOn: boolean): void {
  const file = path.join(mesh.meshDir, 'soak.yaml');
  if (!isOn) return rmSync(file, { force: true });
  const temporary = path.join(mesh.meshDir, '.soak.tmp');
  writeFileSync(
    temporary,
    `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: soak, namespace: shop }
spec:
  selector: { matchLabels: { app: catalog } }
  action: DENY
  rules: [{ to: [{ operation: { paths: [/products/soak] } }] }]
`,
  );
  renameSync(temporary, file);
}

interface Run {
  edits: number;
  kills: number;
  readonly agents: number[];
  readonly proxies: number[];
}

async function disturb(run: Run): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  let killMs = performance.now() + killEveryMs;
  while (performance.now() < endMs) {
    run.edits += 1;
    toggle(run.edits % 2 === 1);
    expect((await mesh.signet(['wait', '--timeout', '60s'], 90_000)).code).toBe(0);
    run.agents.push(residentMiB('agent/src/main.ts'));
    run.proxies.push(residentMiB('envoy-bootstrap.json'));
    if (performance.now() > killMs) {
      run.kills += 1;
      killMs += killEveryMs;
      for (const pid of mesh.pidsOf('control-plane')) process.kill(pid, 'SIGKILL');
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function startLoads(): Promise<readonly Load[]> {
  const frontend = await findPod(mesh, 'shop', 'frontend');
  const checkout = await findPod(mesh, 'shop', 'checkout');
  return [
    await startLoad(mesh, frontend, { targets: ['http://catalog:8080/products', 'http://cart:8080/cart'], rate: 40 }),
    await startLoad(mesh, checkout, { targets: ['tcp://orders:5432', 'http://payments:8080/charge'], rate: 20 }),
  ];
}

function writeReport(run: Run, calls: number, failures: number): void {
  const file = process.env['SIGNET_SOAK_REPORT'];
  if (file === undefined) return;
  const line = (name: string, values: readonly number[]): string =>
    `| ${name} | ${values[0]} | ${Math.max(...values)} | ${values.at(-1)} |`;
  const text = [
    `# Soak, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${minutes} minutes of the shop: ${calls} calls, ${failures} failed; ${run.edits} policy edits, each acknowledged by every proxy;`,
    `the control plane killed ${run.kills} times. Made by \`npm run test:soak\`.`,
    '',
    '| Resident memory, MiB | first | largest | last |',
    '|---|---|---|---|',
    line('all agents', run.agents),
    line('all Envoys', run.proxies),
    '',
  ].join('\n');
  writeFileSync(path.resolve(process.env['INIT_CWD'] ?? process.cwd(), file), text);
}

test(
  'no call fails, every edit arrives, and memory does not grow',
  async () => {
    const loads = await startLoads();
    const run: Run = { edits: 0, kills: 0, agents: [], proxies: [] };
    try {
      await disturb(run);
      const counts = (await Promise.all(loads.map((load) => load.counts()))).flat();
      const failures = counts.reduce((sum, count) => sum + count.refused + count.error, 0);
      writeReport(
        run,
        counts.reduce((sum, count) => sum + count.ok, 0),
        failures,
      );
      expect(counts.filter((count) => count.refused + count.error > 0)).toEqual([]);
      // The first samples are taken while everything is still warming up.
      const settled = run.agents[Math.floor(run.agents.length / 4)] ?? 0;
      expect(run.agents.at(-1)).toBeLessThan(settled * 1.5);
    } finally {
      for (const load of loads) await load.stop();
    }
  },
  (minutes + 10) * 60_000,
);
