// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call } from './call.ts';
import type { Caller } from './caller.ts';
import { endOfError, endOfHttpAnswer } from './call-result.ts';
import { createConnectionCounter } from './connection-counter.ts';
import { createGrpcSampleServer } from './grpc-server.ts';
import { createHttpServer } from './http-server.ts';
import { callOnce } from './one-shot.ts';
import { createTcpServer } from './tcp-server.ts';

const identity = { name: 'cart', pod: 'cart-1', namespace: 'shop', node: 'n1' };
const caller: Caller = { counts: () => [], stop: () => undefined };
const counter = createConnectionCounter('192.0.2.1');
const servers: Server[] = [
  createHttpServer({ identity, caller, counter }),
  createGrpcSampleServer({ identity, counter }),
  createTcpServer({ identity, counter, isServerFirst: false }),
  createTcpServer({ identity, counter, isServerFirst: true }),
];
const schemes = ['http', 'grpc', 'tcp', 'banner'];
const urls: string[] = [];
const options = { method: 'GET', timeoutMs: 5000 };

beforeAll(async () => {
  for (const [index, server] of servers.entries()) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    urls.push(`${schemes[index]}://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
});
afterAll(() => servers.forEach((server) => server.close()));

describe('the sample', () => {
  test.each([0, 1, 2, 3])('answers who it is, protocol %d', async (index) => {
    expect(await call(urls[index] ?? '', options)).toMatchObject({ outcome: 'ok', pod: 'cart-1' });
  });

  test('makes each call as often as asked', async () => {
    const results = await callOnce({
      targets: [`POST ${urls[0]}/x`],
      count: 5,
      parallel: 2,
      method: 'GET',
      timeoutMs: 5000,
      caFile: undefined,
    });
    expect(results.map((result) => result.outcome)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(results[0]?.message).toContain('"method":"POST"');
  });

  test('a server-first client against a client-first server waits until its time is over', async () => {
    const result = await call((urls[2] ?? '').replace('tcp:', 'banner:'), { method: 'GET', timeoutMs: 100 });
    expect(result).toMatchObject({ outcome: 'error', bytes: 0 });
  });

  test.each(['ftp://x', 'http://127.0.0.1:1/', 'nonsense'])('%s is an error, not a refusal', async (target) => {
    expect((await call(target, options)).outcome).toBe('error');
  });
});

describe('the judgement of answers', () => {
  test.each([
    [200, '', 'ok'],
    [403, 'RBAC: access denied', 'refused'],
    [404, '', 'error'],
    [503, 'upstream connect error or disconnect/reset before headers. reset reason: connection termination', 'refused'],
    [503, 'no healthy upstream', 'error'],
  ])('%d «%s» is %s', (status, body, outcome) => {
    expect(endOfHttpAnswer(status, body).outcome).toBe(outcome);
  });

  test.each([
    ['ECONNRESET', 'refused'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'refused'],
    ['ENOTFOUND', 'error'],
    ['ECONNREFUSED', 'error'],
  ])('%s is %s', (code, outcome) => {
    expect(endOfError(Object.assign(new Error('x'), { code })).outcome).toBe(outcome);
  });
});

test('the counter leaves out the kubelet and the pod itself', () => {
  const own = createConnectionCounter('10.244.0.1');
  for (const remoteAddress of ['10.244.0.1', '127.0.0.1', '::ffff:10.244.1.7']) own.add({ remoteAddress } as never);
  expect(own.connections()).toBe(1);
});
