// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import pg from 'pg';
import type { Playground } from '../src/playground.ts';

/** Makes the ledger forget a certificate, which no API can: its holder then has one that nobody issued. */
export async function forgetCertificate(mesh: Playground, serial: string): Promise<void> {
  const client = new pg.Client({ host: path.join(mesh.stateDir, 'sockets'), user: 'signet', database: 'postgres' });
  await client.connect();
  try {
    for (const table of ['issuance_outcomes', 'issuance_intents']) {
      const { rowCount } = await client.query(`delete from signet.${table} where serial = $1`, [serial]);
      if (rowCount !== 1) throw new Error(`${table} had ${rowCount} rows with serial ${serial}`);
    }
  } finally {
    await client.end();
  }
}
