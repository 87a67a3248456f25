// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import type { ResyncResponse__Output, WaitForRevisionRequest, WaitForRevisionResponse__Output } from '@signet/proto';
import type { Session } from '../session.ts';
import { waitForProxies } from './wait.ts';

const revision = { source: 7, ledger: 3 };
const good: WaitForRevisionResponse__Output = {
  done: true,
  acked: ['shop/a', 'shop/b'],
  nacked: [],
  pending: [],
  revision,
};

function run(o: {
  readonly answer?: Partial<WaitForRevisionResponse__Output>;
  readonly fileProblems?: string[];
  readonly format?: 'table' | 'json';
}) {
  const written = { out: '', err: '' };
  const asked: WaitForRevisionRequest[] = [];
  const resync: ResyncResponse__Output = { revision, fileProblems: o.fileProblems ?? [] };
  const inventory = { Resync: () => Promise.resolve(resync) };
  const proxyStatus = {
    WaitForRevision(request: WaitForRevisionRequest) {
      asked.push(request);
      return Promise.resolve({ ...good, ...o.answer });
    },
  };
  const session = {
    connections: { inventory: () => inventory, proxyStatus: () => Promise.resolve(proxyStatus) },
    format: o.format ?? 'table',
    streams: {
      out: { write: (text: string) => (written.out += text) },
      err: { write: (text: string) => (written.err += text) },
    },
  } as unknown as Session;
  return { written, asked, exitCode: waitForProxies(session, 1500) };
}

test('waits for the revision that the resync returned', async () => {
  const { asked, exitCode, written } = run({});
  expect(await exitCode).toBe(0);
  expect(asked).toEqual([{ revision, timeout: { seconds: 1, nanos: 500_000_000 } }]);
  expect(written.out).toMatch(/^2 proxies acknowledged after \d+ms\n$/);
});

test('a file that does not parse fails, with place and reason', async () => {
  const problem = 'policies.yaml:12:3: spec.rules: expected a list';
  const { exitCode, written } = run({ fileProblems: [problem] });
  expect(await exitCode).toBe(1);
  expect(written.err).toBe(`${problem}\n`);
});

test.each([
  [{ done: false, pending: ['shop/a'] }, 'shop/a: has not answered yet\n'],
  [{ nacked: ['shop/b'] }, 'shop/b: rejected its configuration; see signet proxy-status\n'],
  [{ done: false }, 'not done yet: connections are draining\n'],
])('%j fails and names the pods', async (answer, message) => {
  const { exitCode, written } = run({ answer });
  expect(await exitCode).toBe(1);
  expect(written.err).toBe(message);
});

test('JSON holds everything and nothing else is printed', async () => {
  const { exitCode, written } = run({ answer: { nacked: ['shop/b'] }, fileProblems: ['x:1: y'], format: 'json' });
  expect(await exitCode).toBe(1);
  expect(JSON.parse(written.out)).toMatchObject({ done: true, nacked: ['shop/b'], fileProblems: ['x:1: y'] });
  expect(written.err).toBe('');
});
