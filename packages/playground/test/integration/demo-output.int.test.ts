// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { findPortBase } from '../find-port-base.ts';
import type { DemoReport } from '../../src/screen/demo-report.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');
const schemaFile = path.resolve(import.meta.dirname, '../../../../docs/demo-output.schema.json');

test('--once -o json: one document of the stated form, every call as expected, the intruder found', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'signet-once-'));
  const portBase = await findPortBase();
  const args = [main, '--state', path.join(root, 'state'), '--port-base', String(portBase), '--once', '-o', 'json'];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SIGNET_CONTEXT: path.join(root, 'context.json') },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number];
  rmSync(root, { recursive: true, force: true });
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);

  const schema = z.fromJSONSchema(
    JSON.parse(readFileSync(schemaFile, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0],
  );
  const report = JSON.parse(stdout) as DemoReport;
  expect(schema.safeParse(report).error).toBeUndefined();
  const serialOf = new Map(report.workloads.map((workload) => [workload.pod, workload.serial]));
  expect(serialOf.size).toBe(report.workloads.length);
  const between = report.calls.filter((call) => call.verdict === 'allowed' && serialOf.get(call.from) !== null);
  expect(between.length).toBeGreaterThan(5);
  for (const call of between) {
    expect(call).toMatchObject({
      mtls: true,
      clientSerial: serialOf.get(call.from),
      serverSerial: serialOf.get(call.to),
    });
  }
  expect(report.calls.filter((call) => call.verdict !== call.expected)).toEqual([]);
  expect(report.findings.filter((finding) => finding.pod === 'intruder')[0]?.signals.length).toBeGreaterThanOrEqual(2);
  expect(report.proxies.map((proxy) => proxy.pod).toSorted()).toEqual(
    report.workloads
      .filter((workload) => workload.enrolled)
      .map((workload) => workload.pod)
      .toSorted(),
  );
}, 300_000);
