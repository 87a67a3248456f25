// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test } from '@jest/globals';
import { createHealthServer, type HealthServer } from './health-server.ts';
import { createMetrics } from './metrics.ts';

let server: HealthServer;
afterEach(() => server.stop());

test('tells liveness, readiness and the metrics of all components once', async () => {
  let isReady = false;
  const metrics = ['ca', 'config'].map((component) => createMetrics(component));
  for (const one of metrics) one.counter('calls_total', 'Calls', ['outcome']).increment({ outcome: 'good' }, 2);
  server = createHealthServer({ host: '127.0.0.1', port: 0, metrics, isReady: () => isReady });
  const base = `http://127.0.0.1:${await server.start()}`;
  expect((await fetch(`${base}/healthz/live`)).status).toBe(200);
  expect((await fetch(`${base}/healthz/ready`)).status).toBe(503);
  isReady = true;
  expect((await fetch(`${base}/healthz/ready`)).status).toBe(200);
  expect((await fetch(`${base}/secrets`)).status).toBe(404);
  expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
  const text = await (await fetch(`${base}/metrics`)).text();
  for (const component of ['ca', 'config']) expect(text).toContain(`signet_${component}_calls_total{outcome="good"} 2`);
  expect(text.match(/^# HELP process_cpu_user_seconds_total /gm)).toHaveLength(1);
  expect(text.match(/^process_cpu_user_seconds_total /gm)).toHaveLength(1);
});
