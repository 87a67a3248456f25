// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatSpiffeId } from '@signet/model';
import type { IssuanceIntent } from '@signet/pki';
import { createLogger } from '@signet/runtime';
import { startPostgres, type PostgresServer } from '@signet/testing';
import { createIssuanceLedger, openDatabase, type Database, type IssuanceLedger } from '../../src/index.ts';
import { CuttingProxy } from '../cutting-proxy.ts';

const logger = createLogger({ component: 'test', level: 'fatal' });
let server: PostgresServer;
let proxy: CuttingProxy;
let database: Database;
let ledger: IssuanceLedger;

beforeAll(async () => {
  server = await startPostgres();
  proxy = await CuttingProxy.start(server.port);
  const url = new URL((await server.createDatabase()).url);
  url.port = String(proxy.port);
  database = await openDatabase({ config: { url: url.href }, applicationName: 'test', logger });
  ledger = await createIssuanceLedger(database, logger);
}, 60_000);

afterAll(async () => {
  await ledger.close();
  await database.close();
  proxy.stop();
  await server.stop();
});

function intent(requestKey = randomBytes(32).toString('hex')): IssuanceIntent {
  return {
    requestKey,
    serial: `4${randomBytes(16).toString('hex').slice(1)}`,
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
  };
}

async function rowsOf(requestKey: string): Promise<readonly { serial: string; is_issued: boolean | null }[]> {
  return await database.query(
    `select i.serial, o.is_issued from signet.issuance_intents i left join signet.issuance_outcomes o using (serial)
     where i.request_key = $1 order by i.attempt`,
    [requestKey],
  );
}

test('the commit of a certificate whose answer is lost is read back, not guessed', async () => {
  const wanted = intent();
  await ledger.begin(wanted);
  const before = proxy.cuts;
  proxy.cutNext(/record_certificates/, 'answer');
  const sequence = await ledger.complete(wanted.serial, Buffer.from(wanted.serial));
  expect(proxy.cuts).toBe(before + 1);
  expect((await ledger.find(wanted.serial))?.issuance.sequence).toBe(sequence);
  expect(await ledger.begin(intent(wanted.requestKey))).toMatchObject({
    kind: 'issued',
    entry: { issuance: { serial: wanted.serial } },
  });
  expect(await rowsOf(wanted.requestKey)).toEqual([{ serial: wanted.serial, is_issued: true }]);
});

test('a commit that never arrived lets no certificate out, and the request is tried again under another serial', async () => {
  const wanted = intent();
  await ledger.begin(wanted);
  const before = proxy.cuts;
  proxy.cutNext(/record_certificates/, 'statement');
  await expect(ledger.complete(wanted.serial, Buffer.from(wanted.serial))).rejects.toMatchObject({
    reason: 'STORE_DOWN',
  });
  expect(proxy.cuts).toBe(before + 1);
  expect(await ledger.find(wanted.serial)).toBeUndefined();
  const again = intent(wanted.requestKey);
  expect(await ledger.begin(again)).toEqual({ kind: 'begun' });
  await ledger.complete(again.serial, Buffer.from(again.serial));
  expect(await rowsOf(wanted.requestKey)).toEqual([
    { serial: wanted.serial, is_issued: false },
    { serial: again.serial, is_issued: true },
  ]);
});

test.each(['statement', 'answer'] as const)(
  'an intent whose %s is lost is not signed, and the next attempt has a serial of its own',
  async (cut) => {
    const wanted = intent();
    const before = proxy.cuts;
    proxy.cutNext(/insert into signet\.issuance_intents/, cut);
    await expect(ledger.begin(wanted)).rejects.toMatchObject({ reason: 'STORE_DOWN' });
    expect(proxy.cuts).toBe(before + 1);
    const again = intent(wanted.requestKey);
    expect(await ledger.begin(again)).toEqual({ kind: 'begun' });
    await ledger.complete(again.serial, Buffer.from(again.serial));
    const rows = await rowsOf(wanted.requestKey);
    expect(rows.filter((row) => row.is_issued === true)).toEqual([{ serial: again.serial, is_issued: true }]);
    expect(rows.filter((row) => row.is_issued === null)).toEqual([]);
  },
);
