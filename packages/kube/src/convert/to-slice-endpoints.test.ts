// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parseKubeObject } from '../kube-object.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { canonicalAddress } from './address.ts';
import { toSliceEndpoints } from './to-slice-endpoints.ts';

function endpointsOf(addresses: readonly unknown[], ports: readonly unknown[]): readonly string[] {
  const slice = parseKubeObject({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'x', namespace: 'shop', uid: 'u' },
    addressType: 'IPv4',
    endpoints: [{ addresses }],
    ports,
  });
  if (!slice.ok) throw new Error('the slice does not parse');
  return toSliceEndpoints(slice.value).map(({ address, port }) => `${address} ${port}`);
}

describe('addresses of an EndpointSlice', () => {
  test('have one spelling, so that a pod cannot hide behind another', () => {
    const port = [{ name: 'http', port: 8080 }];
    expect(endpointsOf(['FD00:0:0::08', '::ffff:10.244.1.8', '::ffff:0af4:0108', '10.244.1.8'], port)).toEqual([
      'fd00::8 8080',
      '10.244.1.8 8080',
      '10.244.1.8 8080',
      '10.244.1.8 8080',
    ]);
  });

  test.each(['10.244.1.008', 'db.example', '', '127.0.0.1', '169.254.169.254', '::1', 'fe80::1', 'fe80::1%eth0', 7])(
    '%s is none',
    (address) => {
      expect(endpointsOf([address, '10.0.0.1'], [{ port: 80 }])).toEqual(['10.0.0.1 80']);
    },
  );

  test.each([0, -1, 0.5, 65_536, '80', undefined])('%s is no port', (port) => {
    expect(endpointsOf(['10.0.0.1'], [{ port }, { port: 80 }])).toEqual(['10.0.0.1 80']);
  });

  test('are named when a manifest has a wrong one', () => {
    const text = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: x, namespace: shop }
addressType: IPv4
endpoints: [{ addresses: ["10.244.1.008"] }]
ports: [{ port: 99999 }]
`;
    expect(JSON.stringify(parseManifests(text, 'x.yaml'))).toMatch(/10\.244\.1\.008 is not an IP address.*99999/);
  });
});

test('an address is unchanged by being made canonical twice', () => {
  for (const text of ['1.2.3.4', '2001:DB8::1', '::ffff:1.2.3.4', '1:0:0:2:0:0:0:3']) {
    const once = canonicalAddress(text) ?? '';
    expect(canonicalAddress(once)).toBe(once);
  }
});
