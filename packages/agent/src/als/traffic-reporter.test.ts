// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import type { TrafficReport } from '@signet/proto';
import { createLogger } from '@signet/runtime';
import type { FlowKey } from './flow.ts';
import { createFlowAggregator } from './flow-aggregator.ts';
import { createTrafficReporter, encodeFlow, type ReportStream } from './traffic-reporter.ts';

const key: FlowKey = {
  isInbound: true,
  peerSpiffeId: '',
  peerSerial: '',
  peerAddress: '10.0.0.7',
  port: 8080,
  transport: 'plaintext',
  verdict: 'ALLOWED',
  rule: '',
  tlsVersion: '',
  localSerial: '',
  target: '',
  failure: '',
};
const logger = createLogger({ component: 'test', level: 'silent' });

/** A stream whose other end is the test. */
function createStream(
  refuses: boolean,
): ReportStream & { readonly sent: TrafficReport[]; request(requestId: number): void; break(): void } {
  const sent: TrafficReport[] = [];
  const queue: number[] = [];
  let wake: () => void = () => undefined;
  let fault: Error | undefined;
  let isEnded = false;
  async function* responses(): AsyncGenerator<{ requestId: number }> {
    for (;;) {
      if (fault !== undefined) throw fault;
      const requestId = queue.shift();
      if (requestId !== undefined) yield { requestId };
      else if (isEnded) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    sent,
    send(report) {
      if (refuses) return Promise.reject(new Error('gone'));
      sent.push(report);
      return Promise.resolve();
    },
    end() {
      isEnded = true;
      wake();
    },
    cancel() {
      isEnded = true;
      wake();
    },
    request(requestId) {
      queue.push(requestId);
      wake();
    },
    break() {
      fault = new Error('broken');
      wake();
    },
    responses: responses(),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('answers a request, also with nothing to report', async () => {
  const stream = createStream(false);
  const flows = createFlowAggregator();
  const reporter = createTrafficReporter({
    flows,
    openStream: () => stream,
    intervalMs: 60_000,
    settleMs: 1,
    logger,
    onUncertain: () => undefined,
  });
  reporter.start();
  stream.request(7);
  await until(() => stream.sent.length === 1);
  flows.add(key, new Date(0));
  stream.request(8);
  await until(() => stream.sent.length === 2);
  expect(stream.sent).toEqual([
    { flows: [], requestId: 7 },
    { flows: [encodeFlow({ ...key, calls: 1, lastSeen: new Date(0) })], requestId: 8 },
  ]);
  await reporter.stop();
});

test('keeps what discovery does not take, and sends it on the next stream', async () => {
  const streams = [createStream(true), createStream(false)];
  const flows = createFlowAggregator();
  let opened = 0;
  const reporter = createTrafficReporter({
    flows,
    openStream: () => streams[opened++] ?? createStream(false),
    intervalMs: 20,
    settleMs: 1,
    logger,
    onUncertain: () => undefined,
  });
  flows.add(key, new Date(0));
  flows.add(key, new Date(0));
  reporter.start();
  await until(() => (streams[1]?.sent.length ?? 0) > 0);
  expect(streams[1]?.sent[0]).toMatchObject({ flows: [{ calls: 2 }], requestId: 0 });
  await reporter.stop();
});

test('says how many calls were in a report when the stream broke right after it', async () => {
  const stream = createStream(false);
  const flows = createFlowAggregator();
  const uncertain: number[] = [];
  let opened = 0;
  const reporter = createTrafficReporter({
    flows,
    openStream: () => (opened++ === 0 ? stream : createStream(false)),
    intervalMs: 10,
    settleMs: 1,
    logger,
    onUncertain: (calls) => uncertain.push(calls),
  });
  flows.add(key, new Date(0));
  reporter.start();
  await until(() => stream.sent.length === 1);
  stream.break();
  await until(() => uncertain.length === 1);
  expect(uncertain).toEqual([1]);
  await reporter.stop();
});

test('reports the rest when it stops', async () => {
  const stream = createStream(false);
  const flows = createFlowAggregator();
  const reporter = createTrafficReporter({
    flows,
    openStream: () => stream,
    intervalMs: 60_000,
    settleMs: 1,
    logger,
    onUncertain: () => undefined,
  });
  reporter.start();
  flows.add(key, new Date(0));
  await reporter.stop();
  expect(stream.sent).toHaveLength(1);
});
