// SPDX-License-Identifier: Apache-2.0
import { Client, credentials, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { envoy } from '@signet/proto';
import { toSignetError } from '@signet/runtime';
import { waitFor } from '@signet/testing';
import { aggregatedDiscoveryService } from '../../src/ads-service.ts';
import { typeUrls } from '../../src/resource-types.ts';
import { startAdsHarness, type AdsHarness } from '../ads-harness.ts';
import { desiredState, staticCluster } from '../sample-resources.ts';

jest.setTimeout(20_000);

const { DeltaDiscoveryRequest } = envoy.service.discovery.v3;

describe('a client that does not keep the rules', () => {
  let harness: AdsHarness;
  let clients: Client[];

  beforeEach(async () => {
    clients = [];
    harness = await startAdsHarness({ limits: { unknownNamesMax: 50 } });
    harness.desire(desiredState(1, staticCluster('a')));
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await harness.stop();
  });

  function open() {
    const { client, rootPem, port } = harness;
    const roots = Buffer.from(rootPem);
    const secure = credentials.createSsl(roots, Buffer.from(client.keyPem), Buffer.from(client.chainPem), {
      checkServerIdentity: () => undefined,
    });
    const connection = new Client(`localhost:${port}`, secure);
    clients.push(connection);
    const raw = (bytes: Buffer): Buffer => bytes;
    const path = aggregatedDiscoveryService.DeltaAggregatedResources.path;
    const call: ClientDuplexStream<Buffer, Buffer> = connection.makeBidiStreamRequest(path, raw, raw);
    let error: ServiceError | undefined;
    let received = 0;
    call.on('error', (cause: ServiceError) => {
      error = cause;
    });
    call.on('data', () => {
      received += 1;
    });
    const send = (request: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties): void =>
      void call.write(Buffer.from(DeltaDiscoveryRequest.encode(request).finish()));
    return { call, send, received: () => received, refusal: () => waitFor(() => error).then(toSignetError) };
  }

  test.each([
    ['noise', (o: ReturnType<typeof open>) => void o.call.write(Buffer.from([255, 255, 255])), 'REQUEST_INVALID'],
    ['no node', (o: ReturnType<typeof open>) => o.send({ typeUrl: typeUrls.cluster }), 'REQUEST_INVALID'],
  ])('%s', async (_, misbehave, reason) => {
    const stream = open();
    misbehave(stream);
    expect(await stream.refusal()).toMatchObject({ reason });
    expect(stream.received()).toBe(0);
  });

  test('another node id in the middle of the stream', async () => {
    const stream = open();
    stream.send({ node: { id: 'me' }, typeUrl: typeUrls.cluster });
    await waitFor(() => stream.received() === 1);
    stream.send({ node: { id: 'you' }, typeUrl: typeUrls.cluster });
    expect(await stream.refusal()).toMatchObject({ reason: 'NODE_ID_MISMATCH' });
  });

  test('guessing names ends the stream and tells nothing', async () => {
    const stream = open();
    stream.send({ node: { id: 'me' }, typeUrl: typeUrls.secret, resourceNamesSubscribe: ['default'] });
    for (let guess = 0; guess < 60; guess += 1) {
      stream.send({ typeUrl: typeUrls.secret, resourceNamesSubscribe: [`secret-${guess}`] });
    }
    expect(await stream.refusal()).toMatchObject({ reason: 'RATE_EXCEEDED' });
    expect(stream.received()).toBe(0);
    await waitFor(() => harness.registry.size() === 0);
  });

  test('rejecting everything is answered once for each resource, unknown types and nonces not at all', async () => {
    const stream = open();
    stream.send({ node: { id: 'me' }, typeUrl: typeUrls.cluster });
    await waitFor(() => stream.received() === 1);
    const errorDetail = { code: 13, message: 'no' };
    for (let nonce = 0; nonce < 200; nonce += 1) {
      stream.send({ typeUrl: typeUrls.cluster, responseNonce: String(nonce), errorDetail });
      stream.send({ typeUrl: `type.googleapis.com/unknown.Type${nonce}`, responseNonce: String(nonce) });
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stream.received()).toBe(1);
    expect(harness.registry.size()).toBe(1);
  });

  test('many streams of one pod end the oldest', async () => {
    const streams = Array.from({ length: 6 }, open);
    for (const stream of streams) {
      stream.send({ node: { id: 'me' }, typeUrl: typeUrls.cluster });
      await waitFor(() => stream.received() === 1);
    }
    await waitFor(() => harness.registry.size() === 4);
    expect(await streams[0]?.refusal()).toMatchObject({ reason: 'RATE_EXCEEDED' });
  });
});
