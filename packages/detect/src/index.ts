// SPDX-License-Identifier: Apache-2.0
export {
  attestEndpoints,
  emptyMemory,
  wasBare,
  type AttestationInput,
  type AttestationMemory,
  type AttestationResult,
} from './attest-endpoints.ts';
export { bareSettleMs, originGraceMs } from './establish-origin.ts';
export { provenanceOf, type EstablishedOrigin, type Provenance } from './origin.ts';
