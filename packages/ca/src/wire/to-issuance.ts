// SPDX-License-Identifier: Apache-2.0
import type { Issuance } from '@signet/model';
import type { Issuance as WireIssuance } from '@signet/proto';
import { dateToWire } from './timestamp.ts';

/** signet.ca.v1.Issuance, without the certificate. */
export function issuanceToWire(issuance: Issuance): WireIssuance {
  const { identity } = issuance;
  return {
    sequence: issuance.sequence,
    serial: issuance.serial,
    spiffeId: identity.spiffeId,
    profile: issuance.profile === 'serving' ? 'PROFILE_SERVING' : 'PROFILE_WORKLOAD',
    podUid: identity.podUid,
    namespace: identity.namespace,
    podName: identity.podName,
    serviceAccount: identity.serviceAccount,
    nodeName: identity.nodeName,
    notBefore: dateToWire(issuance.notBefore),
    notAfter: dateToWire(issuance.notAfter),
    publicKeySha256: issuance.publicKeySha256,
    attestation: identity.method,
    dnsNames: [...issuance.dnsNames],
  };
}
