// SPDX-License-Identifier: Apache-2.0
export {
  createCertificateClient,
  type CertificateClient,
  type CertificateClientOptions,
} from './certificate-client.ts';
export type { IssuanceRecord } from './issuance-record.ts';
export { defaultRetryLimits, renewalTime, retryDelayMs, type RetryLimits } from './renewal-schedule.ts';
export { createRootsFile, type RootsFile } from './roots-file.ts';
