// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '@signet/testing';

describe('postgres', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ isDurable: true });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    expect(existsSync(server.socketDirectory)).toBe(false);
  });

  async function query(database: string, text: string, host = '127.0.0.1'): Promise<unknown[]> {
    const client = new pg.Client({ host, port: server.port, user: server.user, database });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  test('gives databases apart from one another, over loopback and socket', async () => {
    const [one, two] = [await server.createDatabase(), await server.createDatabase()];
    await query(one.name, 'create table only_here (a int)');
    const tables = "select relname from pg_class where relname = 'only_here'";
    expect(await query(one.name, tables, server.socketDirectory)).toEqual([{ relname: 'only_here' }]);
    expect(await query(two.name, tables, server.socketDirectory)).toEqual([]);
    expect(await query(one.name, 'show server_version_num')).toEqual([
      { server_version_num: expect.stringMatching(/^18/) },
    ]);
  });

  test('keeps what was committed over a crash', async () => {
    const { name } = await server.createDatabase();
    await query(name, 'create table kept as select 1 as a');
    await server.crash();
    expect(await query(name, 'select a from kept')).toEqual([{ a: 1 }]);
  });
});
