// SPDX-License-Identifier: Apache-2.0
import { EntitySchema } from 'typeorm';

/** Row of signet.ca_keys. */
export interface CaKeyRow {
  id: string;
  role: 'root' | 'intermediate';
  generation: number;
  certificate: Buffer;
  sealedKey: Buffer;
  createdAt: Date;
}

/** Table signet.ca_keys. */
export const caKeyEntity = new EntitySchema<CaKeyRow>({
  name: 'ca_keys',
  schema: 'signet',
  columns: {
    id: { type: 'uuid', primary: true },
    role: { type: 'text' },
    generation: { type: 'integer' },
    certificate: { type: 'bytea' },
    sealedKey: { type: 'bytea', name: 'sealed_key' },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true },
  },
});
