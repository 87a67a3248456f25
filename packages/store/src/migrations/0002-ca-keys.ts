// SPDX-License-Identifier: Apache-2.0
import type { Migration } from './migrations.ts';

/** Keys of the built-in CA, encrypted. */
export const caKeys: Migration = {
  id: '0002-ca-keys',
  statements: [
    `create table signet.ca_keys (
       id uuid primary key,
       role text not null,
       generation integer not null,
       certificate bytea not null,
       sealed_key bytea not null,
       created_at timestamptz not null default now(),
       unique (role, generation)
     )`,
  ],
};
