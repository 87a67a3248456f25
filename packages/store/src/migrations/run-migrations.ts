// SPDX-License-Identifier: Apache-2.0
import type { DataSource } from 'typeorm';
import { migrations, type Migration } from './migrations.ts';

// Any number, as long as all releases use the same: «signet» in ASCII, cut to 31 bits.
const migrationLock = 1_937_336_174;

interface AppliedRow {
  readonly id: string;
}

/**
 * Applies what is missing, in order, in one transaction. The lock lets any number of processes start at once; a schema
 * that is ahead of this code is left alone, since migrations expand before they contract.
 */
export async function runMigrations(
  dataSource: DataSource,
  wanted: readonly Migration[] = migrations,
): Promise<readonly string[]> {
  return await dataSource.transaction(async (manager) => {
    await manager.query('select pg_advisory_xact_lock($1)', [migrationLock]);
    await manager.query('create schema if not exists signet');
    await manager.query(
      'create table if not exists signet.migrations (id text primary key, applied_at timestamptz not null default now())',
    );
    const rows = (await manager.query('select id from signet.migrations')) as readonly AppliedRow[];
    const applied = new Set(rows.map((row) => row.id));
    const missing = wanted.filter((migration) => !applied.has(migration.id));
    for (const migration of missing) {
      for (const statement of migration.statements) await manager.query(statement);
      await manager.query('insert into signet.migrations (id) values ($1)', [migration.id]);
    }
    return missing.map((migration) => migration.id);
  });
}
