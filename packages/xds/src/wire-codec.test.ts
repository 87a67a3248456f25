// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { envoy } from '@signet/proto';
import { staticCluster } from '../test/sample-resources.ts';
import { decodeRequest, encodeResponse } from './wire-codec.ts';

const discovery = envoy.service.discovery.v3;
const typeUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

describe('decodeRequest', () => {
  test('delta', () => {
    const bytes = discovery.DeltaDiscoveryRequest.encode({
      node: {
        id: 'n',
        userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40, patch: 2 } },
        metadata: {
          fields: {
            PROXY_MARK: { numberValue: 1337 },
            deep: { structValue: { fields: {} } },
            text: { stringValue: 'x' },
          },
        },
      },
      typeUrl,
      resourceNamesSubscribe: ['a'],
      resourceNamesUnsubscribe: ['b'],
      initialResourceVersions: { a: 'h' },
      responseNonce: '3',
      errorDetail: { code: 13, message: 'no' },
    }).finish();
    expect(decodeRequest('delta', bytes)).toEqual({
      ok: true,
      value: {
        node: {
          id: 'n',
          cluster: '',
          version: '1.40.2',
          metadata: new Map<string, unknown>([
            ['PROXY_MARK', 1337],
            ['text', 'x'],
          ]),
        },
        request: {
          typeUrl,
          nonce: '3',
          rejection: 'no',
          subscribe: ['a'],
          unsubscribe: ['b'],
          initialVersions: new Map([['a', 'h']]),
          version: '',
        },
      },
    });
  });

  test('state of the world', () => {
    const bytes = discovery.DiscoveryRequest.encode({
      typeUrl,
      resourceNames: ['a'],
      versionInfo: 'v',
      responseNonce: '1',
    }).finish();
    expect(decodeRequest('sotw', bytes)).toMatchObject({
      ok: true,
      value: { node: undefined, request: { subscribe: ['a'], version: 'v', nonce: '1', rejection: undefined } },
    });
  });

  test('noise is a failure or a request, never an exception', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('delta' as const, 'sotw' as const),
        (bytes, variant) => {
          expect(typeof decodeRequest(variant, bytes).ok).toBe('boolean');
        },
      ),
    );
  });

  test('metadata nested without end is a failure', () => {
    let value = Buffer.from([26, 0]);
    for (let depth = 0; depth < 4000; depth += 1) {
      const list = Buffer.concat([Buffer.from([0x0a]), varint(value.length), value]);
      value = Buffer.concat([Buffer.from([0x32]), varint(list.length), list]);
    }
    const entry = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x12]), varint(value.length), value]);
    const metadata = Buffer.concat([Buffer.from([0x0a]), varint(entry.length), entry]);
    const node = Buffer.concat([Buffer.from([0x1a]), varint(metadata.length), metadata]);
    const request = Buffer.concat([Buffer.from([0x0a]), varint(node.length), node]);
    expect(decodeRequest('delta', request).ok).toBe(false);
  });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

describe('encodeResponse', () => {
  const resource = staticCluster('a');
  const response = { typeUrl, nonce: '7', version: 'v@1.0', resources: [resource], removed: ['b'] };

  test('delta: each resource with its hash', () => {
    const message = discovery.DeltaDiscoveryResponse.decode(encodeResponse('delta', response));
    expect(message).toMatchObject({ typeUrl, nonce: '7', systemVersionInfo: 'v@1.0', removedResources: ['b'] });
    expect(message.resources[0]).toMatchObject({ name: 'a', version: resource.hash, resource: { type_url: typeUrl } });
    expect(Buffer.from(message.resources[0]?.resource?.value ?? [])).toEqual(Buffer.from(resource.bytes));
  });

  test('state of the world: one version', () => {
    const message = discovery.DiscoveryResponse.decode(encodeResponse('sotw', response));
    expect(message).toMatchObject({ typeUrl, nonce: '7', versionInfo: 'v@1.0' });
    expect(message.resources).toHaveLength(1);
  });
});
