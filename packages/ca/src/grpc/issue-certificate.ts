// SPDX-License-Identifier: Apache-2.0
import { SignetError, type CertificateProfile } from '@signet/model';
import type { IssueCertificateRequest__Output, IssueCertificateResponse } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { CaContext } from '../ca-context.ts';
import { dateToWire } from '../wire/timestamp.ts';
import { trustBundleToWire } from './get-trust-bundle.ts';

function profileFromWire(profile: IssueCertificateRequest__Output['profile']): CertificateProfile {
  switch (profile) {
    case 'PROFILE_UNSPECIFIED':
    case 'PROFILE_WORKLOAD':
      return 'workload';
    case 'PROFILE_SERVING':
      return 'serving';
    default:
      throw new SignetError('REQUEST_INVALID', 'the profile is not known', { field: 'profile' });
  }
}

/** Absent and zero mean the default; fractions count as a whole second. */
function lifetimeFromWire(lifetime: IssueCertificateRequest__Output['lifetime']): number | undefined {
  if (lifetime === null || (lifetime.seconds === 0 && lifetime.nanos === 0)) return undefined;
  return lifetime.seconds + (lifetime.nanos > 0 ? 1 : 0);
}

/** signet.ca.v1.CertificateAuthority/IssueCertificate. */
export function issueCertificate(ca: CaContext) {
  return async (request: IssueCertificateRequest__Output, context: CallContext): Promise<IssueCertificateResponse> => {
    const { issuance, chainPem } = await ca.issueCertificate(
      {
        csr: request.csr,
        profile: profileFromWire(request.profile),
        lifetimeSeconds: lifetimeFromWire(request.lifetime),
      },
      context,
    );
    return {
      certificateChain: [...chainPem],
      trustBundle: trustBundleToWire(ca),
      serial: issuance.serial,
      spiffeId: issuance.identity.spiffeId,
      notBefore: dateToWire(issuance.notBefore),
      notAfter: dateToWire(issuance.notAfter),
    };
  };
}
