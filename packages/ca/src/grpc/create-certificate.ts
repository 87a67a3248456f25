// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { IstioCertificateRequest__Output, IstioCertificateResponse } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { CaContext } from '../ca-context.ts';

const impersonationKey = 'ImpersonatedIdentity';

/**
 * istio.v1.auth.IstioCertificateService/CreateCertificate (features.md §5.1): leaf, intermediates one by one, and last
 * one element with all roots, which Istio's agents take their trust from.
 */
export function createCertificate(ca: CaContext) {
  return async (request: IstioCertificateRequest__Output, context: CallContext): Promise<IstioCertificateResponse> => {
    if (Object.hasOwn(request.metadata?.fields ?? {}, impersonationKey)) {
      const refusal = new SignetError('IMPERSONATION_REFUSED', 'the identity of another pod is not given out', {
        field: 'metadata',
      });
      ca.refusals.record(refusal, { spiffeId: '', podUid: '' }, context.remoteAddress);
      throw refusal;
    }
    const { csr, validityDuration } = request;
    const { chainPem } = await ca.issueCertificate(
      {
        csr: Buffer.from(csr),
        profile: 'workload',
        lifetimeSeconds: validityDuration <= 0 ? undefined : validityDuration,
      },
      context,
    );
    return { certChain: [...chainPem, ca.authority.rootsPem.join('')] };
  };
}
