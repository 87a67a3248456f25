// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { certificateAuthority, envoy } from './index.ts';

test('own services keep their wire paths', () => {
  expect(certificateAuthority.IssueCertificate.path).toBe('/signet.ca.v1.CertificateAuthority/IssueCertificate');
});

test('the TCP proxy codec knows the fields of newer Envoys', () => {
  const { TcpProxy, UpstreamConnectMode } = envoy.extensions.filters.network.tcp_proxy.v3;
  const bytes = TcpProxy.encode({
    statPrefix: 'inbound',
    upstreamConnectMode: UpstreamConnectMode.ON_DOWNSTREAM_DATA,
    maxEarlyDataBytes: { value: 16 },
  }).finish();
  expect(Buffer.from(bytes).toString('hex')).toContain('a80101b201020810');
});
