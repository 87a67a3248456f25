// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Finding__Output } from '@signet/proto';
import { z } from 'zod';
import { createContext } from '../launcher/context-file.ts';
import { statePaths } from '../state-paths.ts';
import { demoReport } from './demo-report.ts';
import { edge, view } from './mesh-view-fixture.ts';
import { fitSections } from './fit-sections.ts';
import { footerLines, summarySections } from './summary.ts';

const finding = {
  id: 'bare-pod/u',
  detector: 'bare-pod',
  namespace: 'shop',
  pod: 'intruder',
  severity: 'high',
  signals: [{ name: 'owner.missing', value: 'no controller\u001b[2J', hard: true }],
  action: 'hold-endpoint',
  services: ['shop/cart'],
  policies: [],
  message: 'it does not belong there',
  firstSeen: { seconds: 1_700_000_000, nanos: 0 },
} as unknown as Finding__Output;

const now = new Date(1_700_000_420_000);

describe('the screen', () => {
  const edges = [
    edge,
    { ...edge, verdict: 'DENIED', rule: '', source: '10.244.1.9', sourcePod: '', transport: 'plaintext' },
    { ...edge, verdict: 'FAILED', rule: 'an old failure' },
  ];
  const sections = summarySections({ ...view, edges, findings: [finding] }, now);
  const context = createContext(statePaths('/x'), 15_000);
  const text = [...fitSections(sections, Infinity), ...footerLines(context)].join('\n');

  test.each([
    ['identity', 'spiffe://cluster.local/ns/shop/sa/cart'],
    ['certificate age', '2m old'],
    ['who calls whom', 'shop/cart:8080'],
    ['over what', 'mtls TLSv1.3'],
    ['the caller behind an address', 'outside/outsider-1'],
    ['why a call was refused', 'no ALLOW matches; in force: AuthorizationPolicy/shop/cart'],
    ['the finding', 'HIGH bare-pod'],
    ['its signals', 'owner.missing = no controller'],
    ['where the APIs listen', '127.0.0.1:15022'],
  ])('shows %s', (_, words) => {
    expect(text).toContain(words);
  });

  test('lets no manifest steer the terminal', () => {
    expect(text).not.toContain('\u001b');
  });

  test('leaves out failures that are over', () => {
    expect(text).not.toContain('an old failure');
  });

  test.each([14, 18, 30])('fits into %d lines and says where the rest is', (height) => {
    const fitted = fitSections(sections, height);
    expect(fitted.length).toBeLessThanOrEqual(Math.max(height, sections.length * 6));
    if (height < 18) expect(fitted.join('\n')).toContain('npx --no signet');
  });
});

describe('demoReport', () => {
  const schemaFile = path.resolve(import.meta.dirname, '../../../../docs/demo-output.schema.json');
  const schema = z.fromJSONSchema(
    JSON.parse(readFileSync(schemaFile, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0],
  );

  test('is what docs/demo-output.schema.json says', () => {
    const report = demoReport({ ...view, findings: [finding] }, []);
    expect(schema.safeParse(report).error).toBeUndefined();
    expect(report.workloads.find((workload) => workload.pod === 'outsider-1')).toEqual({
      namespace: 'outside',
      pod: 'outsider-1',
      service: null,
      enrolled: false,
      spiffeId: null,
      serial: null,
    });
  });

  test('control: the schema refuses something else', () => {
    expect(schema.safeParse({ ...demoReport(view, []), more: 1 }).success).toBe(false);
  });
});
