// SPDX-License-Identifier: Apache-2.0
export {
  certificateAuthority,
  inventory,
  issuanceLedger,
  istioCertificateService,
  loadEnvoyDescriptorSet,
  loadSignetDescriptorSet,
  proxyStatus,
  trafficReports,
  type TypedService,
} from './services.ts';
export { envoy, google } from '../generated/envoy.js';
// eslint-disable-next-line no-barrel-file -- generated names, one for each message and service
export type * from '../generated/types.ts';
