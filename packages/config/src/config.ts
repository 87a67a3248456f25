// SPDX-License-Identifier: Apache-2.0
import { meshConfigShape } from '@signet/runtime';
import { z } from 'zod';

/** Settings of this component alone, to be spread beside the shared ones. */
export const configConfigShape = {
  config: z
    .strictObject({
      drainSeconds: z
        .number()
        .min(0)
        .max(600)
        .default(5)
        .describe(
          'So long the proxies let old connections drain after a listener or cluster changed; their --drain-time-s.',
        ),
      debounceMs: z.number().min(0).max(1000).default(20).describe('Events this close together become one push.'),
      checkResources: z
        .boolean()
        .default(false)
        .describe(
          'Checks each new resource with a second codec against the full schema before it is sent; for debugging.',
        ),
    })
    .prefault({}),
};

const configAppSchema = z.strictObject({ ...meshConfigShape, ...configConfigShape });

/** Everything that config reads from its file. */
export type ConfigAppConfig = z.infer<typeof configAppSchema>;
