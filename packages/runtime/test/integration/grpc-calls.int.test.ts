// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignetError } from '@signet/model';
import { issuanceLedger, trafficReports } from '@signet/proto';
import { createClient } from '../../src/index.ts';
import { createTestMesh, echoServices, startTestServer, type TestServer } from '../test-mesh.ts';

const mesh = createTestMesh();
const watched = { produced: 0, finished: 0 };
let target: TestServer;

beforeAll(async () => {
  target = await startTestServer(mesh, {
    messageBytesMax: 64 * 1024,
    authorise: (context, method) => {
      if (method.endsWith('/ListIssuances'))
        throw new SignetError('CALLER_NOT_ALLOWED', `${context.peer?.spiffeId} may not`);
    },
    services: echoServices(async function* (context) {
      try {
        while (!context.signal.aborted) {
          watched.produced += 1;
          yield { issued: { sequence: watched.produced, certificate: 'x'.repeat(10_000) } };
        }
      } finally {
        watched.finished += 1;
      }
    }),
  });
});
afterAll(() => target.stop());

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('calls', () => {
  const own = mesh.client('a');
  const ledger = () => createClient(issuanceLedger, target.channel({ material: () => own }));

  test('errors keep reason and message; what is private stays private', async () => {
    await expect(ledger().ListIssuances({})).rejects.toMatchObject({
      reason: 'CALLER_NOT_ALLOWED',
      message: 'spiffe://cluster.local/ns/shop/sa/a may not',
    });
    const failed = ledger().ListRefusals({});
    await expect(failed).rejects.toMatchObject({ reason: 'INTERNAL' });
    await expect(failed).rejects.not.toThrow(/secret/);
  });

  test('a message above the limit is refused and the connection lives on', async () => {
    const client = ledger();
    await expect(client.GetIssuance({ serial: 'x'.repeat(100_000) })).rejects.toMatchObject({ kind: 'exhausted' });
    expect((await client.GetIssuance({ serial: '0a' })).serial).toBe('0a');
  });

  test('a stream is read no faster than its consumer takes it, and ends when the consumer leaves', async () => {
    let read = 0;
    for await (const event of ledger().WatchIssuances({})) {
      expect(event.issued?.sequence).toBe(read + 1);
      read += 1;
      if (read === 3) {
        const before = watched.produced;
        await new Promise((resolve) => setTimeout(resolve, 300));
        // What flow control lets through: windows of a few 100 KiB, far from what 300 ms could produce.
        expect(watched.produced - before).toBeLessThan(500);
      }
      if (read === 10) break;
    }
    await until(() => watched.finished === 1);
  });

  test('an aborted signal ends unary calls and streams', async () => {
    const controller = new AbortController();
    const reading = (async () => {
      for await (const event of ledger().WatchIssuances({}, { signal: controller.signal })) {
        if (event.issued !== undefined) controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ reason: 'CALL_CANCELLED' });
    await expect(ledger().GetIssuance({}, { signal: controller.signal })).rejects.toMatchObject({
      reason: 'CALL_CANCELLED',
    });
    await until(() => watched.finished === 2);
  });

  test('both directions of a stream', async () => {
    const stream = createClient(trafficReports, target.channel({ material: () => own })).ReportTraffic();
    const answers: number[] = [];
    await stream.send({ requestId: 1 });
    for await (const answer of stream.responses) {
      answers.push(Number(answer.requestId));
      if (answers.length < 100) await stream.send({ requestId: answer.requestId });
      else stream.end();
    }
    expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
    await expect(stream.send({ requestId: 1 })).rejects.toThrow(SignetError);
  });

  test('a deadline is kept', async () => {
    const slow = (async () => {
      for await (const event of ledger().WatchIssuances({}, { timeoutMs: 100 })) void event;
    })();
    await expect(slow).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  test('100 calls at once on one connection', async () => {
    const client = ledger();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => client.GetIssuance({ serial: String(index) })),
    );
    expect(new Set(answers.map((answer) => answer.serial)).size).toBe(100);
    expect(new Set(answers.map((answer) => answer.podUid)).size).toBe(1);
  });
});

test('nobody at the other end', async () => {
  const gone = await startTestServer(mesh);
  const client = createClient(issuanceLedger, gone.channel({ material: () => mesh.client('a') }));
  await gone.server.stop(0);
  await expect(client.GetIssuance({})).rejects.toMatchObject({ reason: 'PEER_DOWN' });
  await gone.stop();
});

test('stop ends streams that are open', async () => {
  const stopping = await startTestServer(mesh, {
    services: echoServices(async function* (context) {
      yield { issued: { sequence: 1 } };
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    }),
  });
  const own = mesh.client('a');
  const client = createClient(issuanceLedger, stopping.channel({ material: () => own }));
  const reading = (async () => {
    for await (const event of client.WatchIssuances({})) if (event.issued !== undefined) void stopping.server.stop(100);
  })();
  await expect(reading).rejects.toBeInstanceOf(SignetError);
  await stopping.stop();
});
