// SPDX-License-Identifier: Apache-2.0
import type { Migration } from './migrations.ts';

/** What discovery must remember over a restart. */
export const discoveryMemory: Migration = {
  id: '0003-discovery-memory',
  statements: [
    `create table signet.service_origins (
       service text primary key,
       origin jsonb not null,
       first_seen timestamptz not null
     )`,
    `create table signet.findings (
       id text primary key,
       first_seen timestamptz not null,
       finding jsonb not null
     )`,
  ],
};
