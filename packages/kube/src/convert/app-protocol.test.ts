// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { appProtocolOf } from './app-protocol.ts';
import { digestOf } from './to-workload.ts';

test.each([
  ['', 'http', 'http'],
  ['', 'http-web', 'http'],
  ['', 'HTTP2', 'http2'],
  ['', 'grpc', 'grpc'],
  ['', 'grpc-web', 'http'],
  ['', 'grpc-web-x', 'http'],
  ['', 'https', 'tls'],
  ['', 'mysql', 'server-first'],
  ['', 'smtp-relay', 'server-first'],
  ['', 'postgres', 'tcp'],
  ['', 'redis', 'tcp'],
  ['', 'httpish', 'tcp'],
  ['', '', 'tcp'],
  ['kubernetes.io/h2c', 'http', 'http2'],
  ['kubernetes.io/ws', 'x', 'http'],
  ['grpc', 'http', 'grpc'],
  ['unheard-of', 'http', 'tcp'],
])('appProtocol %j, name %j: %s', (appProtocol, name, expected) => {
  expect(appProtocolOf(appProtocol, name)).toBe(expected);
});

test.each([
  [`registry.example/app@sha256:${'0a'.repeat(32)}`, `sha256:${'0a'.repeat(32)}`],
  [`docker-pullable://app@sha256:${'0a'.repeat(32)}`, `sha256:${'0a'.repeat(32)}`],
  [`sha256:${'0a'.repeat(32)}`, `sha256:${'0a'.repeat(32)}`],
  ['app:1', ''],
  ['', ''],
])('digest of %j', (imageId, digest) => {
  expect(digestOf(imageId)).toBe(digest);
});
