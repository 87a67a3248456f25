// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatSpiffeId, type Finding } from '@signet/model';
import type { IssuanceIntent } from '@signet/pki';
import { createLogger, systemClock } from '@signet/runtime';
import { startPostgres, waitFor, type PostgresServer } from '@signet/testing';
import {
  createFindingStore,
  createIssuanceLedger,
  createOriginStore,
  createRefusalLog,
  openDatabase,
  type Database,
} from '../../src/index.ts';

const logger = createLogger({ component: 'test', level: 'fatal' });
let server: PostgresServer;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase({
    config: { url: (await server.createDatabase()).url },
    applicationName: 'test',
    logger,
  });
}, 60_000);

afterAll(async () => {
  await database.close();
  await server.stop();
});

/** What names, labels and paths could hold if a check before were missing. */
const texts = [
  "'; drop table signet.ca_keys; --",
  "' or '1'='1",
  '"; delete from signet.issuance_intents; --',
  '$1',
  '{a,"b"}',
  String.raw`\'; select pg_sleep(5); --`,
  '%s %L :name ?',
  '\u2028\u{1f600}\u00a0',
  '{"a": {"$ref": "b"}}',
];

async function tables(): Promise<readonly unknown[]> {
  return await database.query(
    "select table_name from information_schema.tables where table_schema = 'signet' order by table_name",
  );
}

test.each(texts)('%j is text in every column, and nothing else', async (text) => {
  const before = await tables();
  const refusals = createRefusalLog({ database, clock: systemClock, logger });
  const row = { reason: 'POD_UNKNOWN', message: text, spiffeId: text, podUid: text, sourceAddress: text } as const;
  refusals.record({ time: new Date(), ...row });
  const entry = await waitFor(async () =>
    (await refusals.list({ before: undefined, limit: 1 })).find((one) => one.message === text),
  );
  expect(entry).toMatchObject(row);
  await refusals.close();

  const origins = createOriginStore(database);
  await origins.save([{ service: text, origin: { name: text }, firstSeen: new Date(0) }]);
  expect(await origins.load()).toEqual([{ service: text, origin: { name: text }, firstSeen: new Date(0) }]);
  await origins.remove([text]);
  expect(await origins.load()).toEqual([]);

  const findings = createFindingStore(database);
  const finding = { id: text, pod: text, firstSeen: new Date(0) } as unknown as Finding;
  await findings.save([finding]);
  expect(await findings.load()).toMatchObject([{ id: text, pod: text }]);
  await findings.remove([text]);
  expect(await findings.load()).toEqual([]);

  const ledger = await createIssuanceLedger(database, logger);
  const wanted: IssuanceIntent = {
    requestKey: text,
    serial: randomBytes(16).toString('hex'),
    profile: 'workload',
    identity: {
      spiffeId: formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' }),
      namespace: text,
      serviceAccount: text,
      podUid: text,
      podName: text,
      nodeName: text,
      method: 'token-jwks',
    },
    notBefore: new Date(0),
    notAfter: new Date(Date.now() + 60_000),
    publicKeySha256: text,
    dnsNames: ['cart.shop.svc'],
    signedSha256: text,
  };
  await ledger.begin(wanted);
  await ledger.complete(wanted.serial, Buffer.from(text));
  expect(await ledger.list({ podUid: text, before: undefined, limit: 10 })).toMatchObject([
    { serial: wanted.serial, identity: wanted.identity, dnsNames: wanted.dnsNames },
  ]);
  expect(await ledger.find(text)).toBeUndefined();
  await ledger.close();
  expect(await tables()).toEqual(before);
});
