// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { TrustBundle, WatchTrustBundleRequest__Output } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { CaContext } from '../ca-context.ts';
import { trustBundleToWire } from './get-trust-bundle.ts';

/** signet.ca.v1.CertificateAuthority/WatchTrustBundle. The roots are fixed for the life of the process. */
export function watchTrustBundle(ca: CaContext) {
  return async function* watch(
    _request: WatchTrustBundleRequest__Output,
    { signal }: Pick<CallContext, 'signal'>,
  ): AsyncGenerator<TrustBundle, void, undefined> {
    yield trustBundleToWire(ca);
    if (!signal.aborted) await once(signal, 'abort');
  };
}
