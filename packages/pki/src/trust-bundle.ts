// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';
import { parseCertificatesPem, type ParsedCertificate } from './certificate/parse-certificate.ts';

/** Reads a trust bundle: one or more PEM certificates, each of a CA. An empty one trusts nobody and is a failure. */
export function parseTrustBundle(pem: string): Result<readonly ParsedCertificate[]> {
  const certificates = parseCertificatesPem(pem);
  if (!certificates.ok) return failure(`the trust bundle cannot be read: ${certificates.error}`);
  const stranger = certificates.value.find((certificate) => certificate.extensions.basicConstraints?.isCa !== true);
  return stranger === undefined
    ? success(certificates.value)
    : failure(`the trust bundle holds a certificate that is not one of a CA (serial ${stranger.serial})`);
}
