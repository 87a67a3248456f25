// SPDX-License-Identifier: Apache-2.0
import type { TrustBundle } from '@signet/proto';
import type { CaContext } from '../ca-context.ts';

/** The roots of now as signet.ca.v1.TrustBundle. */
export function trustBundleToWire({ trustDomain, authority }: CaContext): TrustBundle {
  return { trustDomain, roots: [...authority.rootsPem], sequence: authority.rootsSequence };
}

/** signet.ca.v1.CertificateAuthority/GetTrustBundle. */
export function getTrustBundle(ca: CaContext) {
  return (): Promise<TrustBundle> => Promise.resolve(trustBundleToWire(ca));
}
