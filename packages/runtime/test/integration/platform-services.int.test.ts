// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Metadata, type ClientDuplexStream } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger, createUnixGrpcServer, type Channel } from '../../src/index.ts';
import { readMessages } from '../../src/grpc/message-reader.ts';
import { readListedServices } from '../../src/grpc/reflection-service.ts';
import { buildMessage, bytesOf, numberOf, parseMessage, type MessageField } from '../../src/protobuf-wire.ts';
import { createTestMesh, echoServices, startTestServer, type TestServer } from '../test-mesh.ts';

const mesh = createTestMesh();
const raw = (bytes: Buffer): Buffer => bytes;
let target: TestServer;
let channel: Channel;

beforeAll(async () => {
  // Health and reflection are for everybody who may connect.
  target = await startTestServer(mesh, {
    clientCertificate: 'none',
    authorise: () => {
      throw new Error('not asked');
    },
  });
  channel = target.channel();
});
afterAll(() => target.stop());

async function reflect(version: string, fields: readonly MessageField[]): Promise<Buffer> {
  const call: ClientDuplexStream<Buffer, Buffer> = channel.client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    raw,
    raw,
    new Metadata(),
    {},
  );
  call.write(buildMessage(fields));
  for await (const answer of readMessages<Buffer>(call, () => call.cancel())) return answer;
  throw new Error('no answer');
}

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  test('lists the services of the listener', async () => {
    expect(readListedServices(await reflect(version, [[7, '']]))).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'signet.ca.v1.IssuanceLedger',
      'signet.discovery.v1.TrafficReports',
    ]);
  });

  test.each([
    'signet.ca.v1.IssuanceLedger',
    'signet.ca.v1.IssuanceLedger.GetIssuance',
    'signet.ca.v1.Profile',
    'signet.ca.v1.PROFILE_SERVING',
    'signet.discovery.v1.Edge',
    'google.protobuf.Timestamp',
    'grpc.health.v1.Health',
    'grpc.health.v1.HealthCheckResponse.ServingStatus',
    'google.rpc.ErrorInfo',
    'google.rpc.BadRequest.FieldViolation',
    `grpc.reflection.${version}.ServerReflection`,
  ])('describes %s in files that a strict reader accepts', async (symbol) => {
    const [list] = bytesOf(parseMessage(await reflect(version, [[4, symbol]])), 4);
    const files = bytesOf(parseMessage(list ?? Buffer.alloc(0)), 1);
    expect(files.length).toBeGreaterThan(0);
    const [first, ...imports] = files.map((file) => fromBinary(FileDescriptorProtoSchema, file));
    if (first === undefined) throw new Error('no file');
    const registry = createFileRegistry(first, (name) => imports.find((file) => file.name === name));
    expect(registry.getFile(first.name)).toBeDefined();
  });

  test.each([
    ['an unknown symbol', [[4, 'no.such.Thing']]],
    ['an unknown file', [[3, '../../etc/passwd']]],
    ['nothing', []],
  ] as const)('answers %s with an error in the stream', async (_, fields) => {
    const [error] = bytesOf(parseMessage(await reflect(version, fields)), 7);
    expect(numberOf(parseMessage(error ?? Buffer.alloc(0)), 1)).toBeGreaterThan(0);
  });
});

describe('health', () => {
  const check = (service: string): Promise<number> =>
    new Promise((resolve, reject) => {
      channel.client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        raw,
        raw,
        buildMessage([[1, service]]),
        (error, answer) => {
          if (error !== null) reject(error);
          else resolve(numberOf(parseMessage(answer ?? Buffer.alloc(0)), 1));
        },
      );
    });

  test('follows setServing, for the whole and for each service', async () => {
    expect(await check('')).toBe(1);
    expect(await check('signet.ca.v1.IssuanceLedger')).toBe(1);
    target.server.setServing(false);
    expect(await check('')).toBe(2);
    target.server.setServing(true);
    await expect(check('no.such.Service')).rejects.toMatchObject({ code: 5 });
  });

  test('a watch sees each change', async () => {
    const call = channel.client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', raw, raw, Buffer.alloc(0));
    const seen: number[] = [];
    for await (const answer of readMessages<Buffer>(call, () => call.cancel())) {
      seen.push(numberOf(parseMessage(answer), 1));
      target.server.setServing(seen.length % 2 === 0);
      if (seen.length === 3) break;
    }
    target.server.setServing(true);
    expect(seen).toEqual([1, 2, 1]);
  });
});

test('a Unix socket serves without TLS, and replaces a socket that was left behind', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-socket-'));
  const socketPath = path.join(directory, 'deep', 'socket');
  const logger = createLogger({ component: 'test', level: 'silent' });
  const { Client, credentials } = await import('@grpc/grpc-js');
  for (let round = 0; round < 2; round += 1) {
    const server = createUnixGrpcServer({ socketPath, services: echoServices(), logger });
    await server.start();
    const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
    const answer = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(
        '/signet.ca.v1.IssuanceLedger/GetIssuance',
        raw,
        raw,
        buildMessage([[1, '0a']]),
        (error, value) => {
          if (error !== null) reject(error);
          else resolve(value ?? Buffer.alloc(0));
        },
      );
    });
    expect(bytesOf(parseMessage(answer), 2)[0]?.toString()).toBe('0a');
    client.close();
    await server.stop();
    writeFileSync(socketPath, 'left behind');
  }
  rmSync(directory, { recursive: true });
});
