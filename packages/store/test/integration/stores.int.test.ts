// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Finding } from '@signet/model';
import { generateKeyPair } from '@signet/pki';
import { createLogger, systemClock } from '@signet/runtime';
import { startPostgres, waitFor, type PostgresServer } from '@signet/testing';
import {
  createCaKeyStore,
  createFindingStore,
  createOriginStore,
  createRefusalLog,
  openDatabase,
  type CaKey,
  type Database,
} from '../../src/index.ts';

const logger = createLogger({ component: 'test', level: 'fatal' });
let server: PostgresServer;
let url: string;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  ({ url } = await server.createDatabase());
  database = await openDatabase({ config: { url }, applicationName: 'test', logger });
}, 60_000);

afterAll(async () => {
  await database.close();
  await server.stop();
});

test('processes that start at once migrate once', async () => {
  const fresh = await server.createDatabase();
  const opened = await Promise.all(
    Array.from({ length: 5 }, () =>
      openDatabase({ config: { url: fresh.url }, applicationName: 'test', logger, connectionsMax: 2 }),
    ),
  );
  const rows = await opened[0]?.query<{ id: string }>('select id from signet.migrations order by id');
  expect(rows?.map((row) => row.id)).toEqual([
    '0001-issuance-ledger',
    '0002-ca-keys',
    '0003-discovery-memory',
    '0004-record-certificates',
  ]);
  await Promise.all(opened.map((one) => one.close()));
});

test('the database is reached over its Unix socket as well', async () => {
  const { socketDirectory, port, user } = server;
  const config = { host: socketDirectory, port, user, database: 'postgres' };
  const other = await openDatabase({ config, applicationName: 'test', logger });
  expect(await other.query('select 1 as one')).toEqual([{ one: 1 }]);
  await other.close();
});

test('waiting for a database ends with its signal', async () => {
  const stop = AbortSignal.timeout(300);
  const config = { url: 'postgres://nobody@127.0.0.1:1/none' };
  await expect(openDatabase({ config, applicationName: 'test', logger, signal: stop })).rejects.toMatchObject({
    reason: 'STORE_DOWN',
  });
});

function caKey(role: CaKey['role']): CaKey {
  return { role, generation: 1, certificate: randomBytes(64), privateKey: generateKeyPair().privateKey };
}

test('of several replicas at first start one makes the keys, and none of it is readable in the database', async () => {
  const masterKey = randomBytes(32);
  const stores = Array.from({ length: 4 }, () => createCaKeyStore(database, masterKey));
  let created: CaKey[] = [];
  await Promise.all(
    stores.map((store) =>
      store.createFirst(() => {
        expect(created).toEqual([]);
        created = [caKey('root'), caKey('intermediate')];
        return Promise.resolve(created);
      }),
    ),
  );
  const loaded = await createCaKeyStore(database, masterKey).load();
  expect(loaded.map((key) => key.role).sort()).toEqual(['intermediate', 'root']);
  for (const key of created) {
    const secret = key.privateKey.export({ format: 'der', type: 'pkcs8' });
    const found = loaded.find((other) => other.role === key.role);
    expect(found?.privateKey.export({ format: 'der', type: 'pkcs8' }).equals(secret)).toBe(true);
    const rows = await database.query<{ row: string }>(`select encode(sealed_key, 'hex') as row from signet.ca_keys`);
    const scalar = Buffer.from(key.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url').toString('hex');
    expect(rows.some(({ row }) => row.includes(scalar))).toBe(false);
  }
});

test('a key does not open under another master key, nor after its row was changed', async () => {
  const fresh = await server.createDatabase();
  const other = await openDatabase({ config: { url: fresh.url }, applicationName: 'test', logger });
  const masterKey = randomBytes(32);
  const store = createCaKeyStore(other, masterKey);
  await store.createFirst(() => Promise.resolve([caKey('root')]));
  await expect(createCaKeyStore(other, randomBytes(32)).load()).rejects.toMatchObject({ reason: 'INTERNAL' });
  await other.query(`update signet.ca_keys set certificate = certificate || '\\x00'::bytea`);
  await expect(store.load()).rejects.toMatchObject({ reason: 'INTERNAL' });
  await other.close();
});

test('refusals are written, and repetitions beyond a burst only counted', async () => {
  const log = createRefusalLog({ database, clock: systemClock, logger });
  const refusal = {
    time: new Date(),
    reason: 'TOKEN_EXPIRED',
    message: 'the token has expired',
    spiffeId: '',
    podUid: '',
    sourceAddress: '10.0.0.1:1234',
  };
  for (let index = 0; index < 1000; index += 1) log.record(refusal);
  log.record({ ...refusal, reason: 'CSR_MALFORMED' });
  await waitFor(async () => (await log.list({ before: undefined, limit: 100 })).length === 21);
  await log.close();
  const entries = await log.list({ before: undefined, limit: 100 });
  expect(entries).toHaveLength(22);
  expect(entries[0]).toMatchObject({ reason: 'TOKEN_EXPIRED', repetitions: 980, sourceAddress: '10.0.0.1:1234' });
  expect(entries[1]).toMatchObject({ reason: 'CSR_MALFORMED', repetitions: 1 });
  expect(await log.list({ before: entries[0]?.sequence, limit: 1 })).toEqual([entries[1]]);
});

test('origins and findings keep the time at which they were first seen', async () => {
  const [early, late] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')];
  const origins = createOriginStore(database);
  await origins.save([{ service: 'shop/cart', origin: { owner: 'a' }, firstSeen: early }]);
  await origins.save([{ service: 'shop/cart', origin: { owner: 'b' }, firstSeen: late }]);
  expect(await origins.load()).toEqual([{ service: 'shop/cart', origin: { owner: 'b' }, firstSeen: early }]);
  await origins.remove(['shop/cart']);
  expect(await origins.load()).toEqual([]);

  const findings = createFindingStore(database);
  const finding: Finding = {
    id: 'bare-pod/uid',
    detector: 'bare-pod',
    namespace: 'shop',
    pod: 'intruder',
    podUid: 'uid',
    severity: 'high',
    signals: [],
    action: 'record',
    services: [],
    policies: [],
    clears: '',
    firstSeen: early,
    message: '',
  };
  await findings.save([finding]);
  await findings.save([{ ...finding, action: 'alert', firstSeen: late }]);
  expect(await findings.load()).toEqual([{ ...finding, action: 'alert' }]);
  await findings.remove([finding.id]);
  expect(await findings.load()).toEqual([]);
});
