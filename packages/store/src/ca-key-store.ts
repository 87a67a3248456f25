// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import { SignetError } from '@signet/model';
import { caKeyEntity, type CaKeyRow } from './ca-key-entity.ts';
import type { Database, RunStatement } from './database.ts';
import { openSecret, sealSecret, type SealContext } from './key-envelope.ts';
import { toStoreError } from './store-error.ts';

/** A CA certificate with its private key. */
export interface CaKey {
  readonly role: 'root' | 'intermediate';
  /** Rises with each renewal. */
  readonly generation: number;
  /** DER. */
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
}

/** Keeps the CA's keys encrypted under a master key that the database never sees. */
export interface CaKeyStore {
  /** All keys, newest generation first. Throws when one does not open: a wrong key file or a changed row. */
  load(): Promise<readonly CaKey[]>;
  /**
   * Calls `create` and stores what it returns if there is no key at all yet; otherwise does nothing. Of any number of
   * processes that start at once, one creates.
   */
  createFirst(create: () => Promise<readonly CaKey[]>): Promise<void>;
}

// «signet-ca» has no other meaning; see run-migrations.ts for its sibling.
const creationLock = 1_937_336_175;

function contextOf(row: Pick<CaKeyRow, 'id' | 'role' | 'generation' | 'certificate'>): SealContext {
  return ['signet.ca_keys', row.id, row.role, String(row.generation), row.certificate];
}

/** Creates the store over signet.ca_keys; `masterKey` has 32 bytes. */
export function createCaKeyStore(database: Database, masterKey: Uint8Array): CaKeyStore {
  const rows = database.repository(caKeyEntity);

  function open(row: CaKeyRow): CaKey {
    const secret = openSecret(masterKey, row.sealedKey, contextOf(row));
    if (!secret.ok) {
      throw new SignetError('INTERNAL', `the ${row.role} key of the CA cannot be opened: ${secret.error}`, {
        detail: row.id,
      });
    }
    const privateKey = createPrivateKey({ key: secret.value, format: 'der', type: 'pkcs8' });
    secret.value.fill(0);
    return { role: row.role, generation: row.generation, certificate: row.certificate, privateKey };
  }

  async function insert(run: RunStatement, key: CaKey): Promise<void> {
    const { role, generation, certificate, privateKey } = key;
    const id = randomUUID();
    const secret = privateKey.export({ format: 'der', type: 'pkcs8' });
    const sealedKey = sealSecret(masterKey, secret, contextOf({ id, role, generation, certificate }));
    secret.fill(0);
    await run(
      'insert into signet.ca_keys (id, role, generation, certificate, sealed_key) values ($1, $2, $3, $4, $5)',
      [id, role, generation, certificate, sealedKey],
    );
  }

  return {
    async load() {
      let found: readonly CaKeyRow[];
      try {
        found = await rows.find({ order: { generation: 'DESC' } });
      } catch (error) {
        throw toStoreError(error);
      }
      return found.map(open);
    },
    async createFirst(create) {
      await database.transaction(async (run) => {
        await run('select pg_advisory_xact_lock($1)', [creationLock]);
        const existing = await run('select 1 from signet.ca_keys limit 1');
        if (existing.length > 0) return;
        for (const key of await create()) await insert(run, key);
      });
    },
  };
}
