// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { loadEnvoyDescriptorSet, envoy } from '@signet/proto';
import { encoded, httpListener, resourceSet, rules, staticCluster } from '../../xds/test/sample-resources.ts';
import { createResourceChecker } from './resource-checker.ts';

const check = createResourceChecker(loadEnvoyDescriptorSet());
const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

test('good resources pass, twice', () => {
  const set = resourceSet(staticCluster('a'), httpListener('l', { routes: 'r', rules: 'x' }), rules('x', 'allow'));
  expect(check(set)).toEqual([]);
  expect(check(set)).toEqual([]);
});

test('an unknown field, unreadable bytes and an unknown type are found', () => {
  const field3000 = new Uint8Array([0xc0, 0xbb, 0x01, 1]);
  expect(check(resourceSet(encoded(clusterType, 'a', field3000)))).toEqual([
    'a: resource has the unknown field 3000 in envoy.config.cluster.v3.Cluster',
  ]);
  expect(check(resourceSet(encoded(clusterType, 'b', new Uint8Array([10, 200]))))[0]).toContain(
    'b: resource does not decode',
  );
  expect(check(resourceSet(encoded('type.googleapis.com/x.Y', 'c', new Uint8Array())))).toEqual([
    'c: resource has the unknown type type.googleapis.com/x.Y',
  ]);
});

test('looks into nested Any', () => {
  const typedConfig = { type_url: 'type.googleapis.com/x.Y', value: new Uint8Array() };
  const bytes = envoy.config.listener.v3.Listener.encode({
    name: 'l',
    filterChains: [{ filters: [{ name: 'f', typedConfig }] }],
  }).finish();
  expect(check(resourceSet(encoded('type.googleapis.com/envoy.config.listener.v3.Listener', 'l', bytes)))).toEqual([
    'l: .filter_chains[0].filters[0].typed_config has the unknown type type.googleapis.com/x.Y',
  ]);
});
