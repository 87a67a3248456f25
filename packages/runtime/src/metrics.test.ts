// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

test('a metric exists once, under the name of its component', async () => {
  const metrics = createMetrics('control-plane');
  metrics.counter('calls_total', 'Calls').increment();
  metrics.counter('calls_total', 'Calls').increment({}, 2);
  metrics.gauge('open', 'Open').collect(() => 7);
  metrics.gauge('signet_shared', 'Shared').set(1);
  metrics.histogram('wait_seconds', 'Wait', ['kind']).observe(0.2, { kind: 'long' });
  const text = await metrics.render();
  expect(text).toContain('signet_control_plane_calls_total 3');
  expect(text).toContain('signet_control_plane_open 7');
  expect(text).toContain('signet_shared 1');
  expect(text).toContain('signet_control_plane_wait_seconds_count{kind="long"} 1');
  expect(() => metrics.gauge('calls_total', 'Calls')).toThrow(/another kind/);
  expect(metrics.describe().map(({ name }) => name)).toEqual([
    'signet_control_plane_calls_total',
    'signet_control_plane_open',
    'signet_control_plane_wait_seconds',
    'signet_shared',
  ]);
});
