// SPDX-License-Identifier: Apache-2.0
import { meshConfigShape } from '@signet/runtime';
import { z } from 'zod';

/** Settings of discovery, beside the shared ones. */
export const discoveryConfigShape = {
  discovery: z
    .strictObject({
      attestation: z
        .boolean()
        .default(true)
        .describe('False offers every ready endpoint to clients, unchecked, and those outside the mesh in plaintext.'),
    })
    .prefault({}),
};

/** Schema of everything that discovery reads. */
export const discoveryConfigSchema = z.strictObject({ ...meshConfigShape, ...discoveryConfigShape });

/** Configuration of discovery. */
export type DiscoveryConfig = z.infer<typeof discoveryConfigSchema>;
