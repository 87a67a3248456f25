// SPDX-License-Identifier: Apache-2.0
import { EntitySchema } from 'typeorm';

/** Row of signet.findings. */
export interface FindingRow {
  id: string;
  firstSeen: Date;
  finding: unknown;
}

/** Table signet.findings. */
export const findingEntity = new EntitySchema<FindingRow>({
  name: 'findings',
  schema: 'signet',
  columns: {
    id: { type: 'text', primary: true },
    firstSeen: { type: 'timestamptz', name: 'first_seen' },
    finding: { type: 'jsonb' },
  },
});
