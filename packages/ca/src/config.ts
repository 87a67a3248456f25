// SPDX-License-Identifier: Apache-2.0
import { meshConfigShape } from '@signet/runtime';
import { z } from 'zod';

const days = (description: string, value: number) => z.int().min(1).max(36_500).default(value).describe(description);
const seconds = (description: string, value: number) =>
  z.int().min(1).max(31_536_000).default(value).describe(description);

/** Settings of the CA, beside the shared ones. */
export const caConfigShape = {
  ca: z
    .strictObject({
      keyFile: z
        .string()
        .min(1)
        .describe(
          'File with the master key (32 bytes as hexadecimal or base64) that encrypts the CA’s keys; made, mode 0600, if absent.',
        ),
      rootLifetimeDays: days('Lifetime of a root that is made at first start.', 3650),
      intermediateLifetimeDays: days('Lifetime of an intermediate that is made at first start.', 365),
      defaultLifetimeSeconds: seconds('Lifetime of a certificate for a caller that asks for none.', 86_400),
      maxLifetimeSeconds: seconds('Longest lifetime that a caller may ask for; more is refused.', 7 * 86_400),
      review: z
        .enum(['fast', 'strict'])
        .default('fast')
        .describe('fast judges tokens by the issuer’s keys and the inventory; strict asks the API server about each.'),
      clusterDomain: z
        .string()
        .min(1)
        .default('cluster.local')
        .describe('DNS domain of the cluster, for serving certificates.'),
      requestsMax: z
        .int()
        .min(1)
        .max(100_000)
        .default(2000)
        .describe('Requests that are worked on at once; more are told to come back.'),
    })
    .refine((ca) => ca.defaultLifetimeSeconds <= ca.maxLifetimeSeconds, {
      message: 'must not exceed maxLifetimeSeconds',
      path: ['defaultLifetimeSeconds'],
    }),
};

/** Schema of everything that the CA reads. */
export const caConfigSchema = z.strictObject({ ...meshConfigShape, ...caConfigShape });

/** Configuration of the CA. */
export type CaConfig = z.infer<typeof caConfigSchema>;
