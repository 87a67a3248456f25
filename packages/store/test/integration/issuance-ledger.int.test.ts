// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatSpiffeId } from '@signet/model';
import type { IssuanceIntent } from '@signet/pki';
import { createLogger } from '@signet/runtime';
import { startPostgres, waitFor, type PostgresServer } from '@signet/testing';
import { createIssuanceLedger, openDatabase, type Database, type IssuanceLedger } from '../../src/index.ts';

const logger = createLogger({ component: 'test', level: 'fatal' });
let server: PostgresServer;
let database: Database;
let ledger: IssuanceLedger;

beforeAll(async () => {
  server = await startPostgres({ isDurable: true });
  database = await openDatabase({
    config: { url: (await server.createDatabase()).url },
    applicationName: 'test',
    logger,
  });
  ledger = await createIssuanceLedger(database, logger);
}, 60_000);

afterAll(async () => {
  await ledger.close();
  await database.close();
  await server.stop();
});

function intent(change: Partial<IssuanceIntent> = {}): IssuanceIntent {
  const serial = `4${randomBytes(16).toString('hex').slice(1)}`;
  return {
    requestKey: randomBytes(32).toString('hex'),
    serial,
    profile: 'workload',
    identity: {
      spiffeId: formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' }),
      namespace: 'shop',
      serviceAccount: 'cart',
      podUid: 'uid-1',
      podName: 'cart-0',
      nodeName: 'node-a',
      method: 'token-jwks',
    },
    notBefore: new Date(Date.now() - 300_000),
    notAfter: new Date(Date.now() + 3_600_000),
    publicKeySha256: randomBytes(32).toString('hex'),
    dnsNames: [],
    signedSha256: randomBytes(32).toString('hex'),
    ...change,
  };
}

async function issue(on: IssuanceLedger, wanted: IssuanceIntent): Promise<number> {
  expect(await on.begin(wanted)).toEqual({ kind: 'begun' });
  return await on.complete(wanted.serial, Buffer.from(wanted.serial));
}

test('what is completed is found again, whole', async () => {
  const wanted = intent({ profile: 'serving', dnsNames: ['cart', 'cart.shop.svc'] });
  const sequence = await issue(ledger, wanted);
  const entry = await ledger.find(wanted.serial);
  expect(entry?.certificate.toString()).toBe(wanted.serial);
  const { requestKey: _key, signedSha256: _signed, ...columns } = wanted;
  expect(entry?.issuance).toEqual({ ...columns, sequence });
  expect(await ledger.find('00')).toBeUndefined();
});

test('an open intent is no certificate', async () => {
  const wanted = intent();
  await ledger.begin(wanted);
  expect(await ledger.find(wanted.serial)).toBeUndefined();
});

test('a repeated request gets the same certificate, also from another replica', async () => {
  const wanted = intent();
  await issue(ledger, wanted);
  const other = await createIssuanceLedger(database, logger);
  for (const replica of [ledger, other]) {
    const again = await replica.begin(intent({ requestKey: wanted.requestKey }));
    expect(again).toMatchObject({ kind: 'issued', entry: { issuance: { serial: wanted.serial } } });
  }
  await other.close();
});

test('an abandoned request may be tried again under another serial, and the old one never completes', async () => {
  const first = intent();
  await ledger.begin(first);
  const second = intent({ requestKey: first.requestKey });
  // The process that began it is this one, which does not work on it any more.
  expect(await ledger.begin(second)).toEqual({ kind: 'begun' });
  await expect(ledger.complete(first.serial, Buffer.from('late'))).rejects.toMatchObject({ reason: 'STORE_DOWN' });
  await ledger.complete(second.serial, Buffer.from('second'));
  expect(await ledger.find(first.serial)).toBeUndefined();
});

test('a serial number in use is not used again', async () => {
  const first = intent();
  await issue(ledger, first);
  expect(await ledger.begin(intent({ serial: first.serial }))).toEqual({ kind: 'serial-taken' });
});

test('only the intents of replicas that are gone are given up', async () => {
  const gone = await createIssuanceLedger(database, logger);
  const alive = await createIssuanceLedger(database, logger);
  const [lost, kept] = [intent(), intent()];
  await gone.begin(lost);
  await alive.begin(kept);
  await gone.close();
  expect(await ledger.reconcile()).toBe(1);
  expect(await ledger.reconcile()).toBe(0);
  await alive.complete(kept.serial, Buffer.from('kept'));
  expect(await ledger.find(kept.serial)).toBeDefined();
  const rows = await database.query<{ open_intents_found: number }>(
    'select open_intents_found from signet.reconciliations',
  );
  expect(rows).toEqual([{ open_intents_found: 1 }]);
  await alive.close();
});

test('watchers on two replicas see every issuance once and in commit order', async () => {
  const other = await createIssuanceLedger(database, logger);
  const stop = new AbortController();
  const before = await issue(ledger, intent());
  const follow = async (on: IssuanceLedger): Promise<number[]> => {
    const seen: number[] = [];
    const request = { afterSequence: before, now: new Date(), signal: stop.signal };
    for await (const item of on.feed.watch(request)) if (item.kind === 'issued') seen.push(item.issuance.sequence);
    return seen;
  };
  const watchers = [follow(ledger), follow(other)];
  const sequences = await Promise.all(
    Array.from({ length: 400 }, (_, index) => issue(index % 2 === 0 ? ledger : other, intent())),
  );
  expect(new Set(sequences).size).toBe(400);
  const last = await issue(ledger, intent());
  await waitFor(async () => (await ledger.list({ podUid: '', before: undefined, limit: 1 }))[0]?.sequence === last);
  await new Promise((resolve) => setTimeout(resolve, 400));
  stop.abort();
  const expected = [...sequences, last].sort((a, b) => a - b);
  expect(await Promise.all(watchers)).toEqual([expected, expected]);
  await other.close();
});

test('pages go from the newest to the oldest without gap or repetition', async () => {
  const podUid = 'paged';
  for (let index = 0; index < 5; index += 1) {
    const wanted = intent();
    await issue(ledger, { ...wanted, identity: { ...wanted.identity, podUid } });
  }
  const all = await ledger.list({ podUid, before: undefined, limit: 10 });
  const first = await ledger.list({ podUid, before: undefined, limit: 2 });
  const second = await ledger.list({ podUid, before: first.at(-1)?.sequence, limit: 10 });
  expect([...first, ...second]).toEqual(all);
  expect(all).toHaveLength(5);
});

test('a crash of the server is STORE_DOWN, and the ledger works on afterwards', async () => {
  const wanted = intent();
  await issue(ledger, wanted);
  const crash = server.crash();
  await expect(
    (async () => {
      for (;;) await ledger.begin(intent());
    })(),
  ).rejects.toMatchObject({ reason: 'STORE_DOWN' });
  await crash;
  await waitFor(() => issue(ledger, intent()), { timeoutMs: 10_000 });
  expect(await ledger.find(wanted.serial)).toBeDefined();
}, 60_000);
