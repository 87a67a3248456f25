// SPDX-License-Identifier: Apache-2.0
import { encodeSecret } from './encode.ts';
import { secretNames } from './names.ts';
import type { EncodedResource } from './resource-set.ts';

/** The roots that traffic is judged by, as the secret `ROOTCA`. `rootsPem` holds one or more certificates. */
export function projectTrustBundle(rootsPem: string): EncodedResource {
  return encodeSecret({
    name: secretNames.roots,
    validationContext: { trustedCa: { inlineBytes: new TextEncoder().encode(rootsPem) } },
  });
}
