// SPDX-License-Identifier: Apache-2.0
import { EntitySchema } from 'typeorm';

/** Row of signet.service_origins. */
export interface ServiceOriginRow {
  service: string;
  origin: unknown;
  firstSeen: Date;
}

/** Table signet.service_origins. */
export const serviceOriginEntity = new EntitySchema<ServiceOriginRow>({
  name: 'service_origins',
  schema: 'signet',
  columns: {
    service: { type: 'text', primary: true },
    origin: { type: 'jsonb' },
    firstSeen: { type: 'timestamptz', name: 'first_seen' },
  },
});
