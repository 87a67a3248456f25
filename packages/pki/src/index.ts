// SPDX-License-Identifier: Apache-2.0
export { createIssuer, type Issuer } from './certificate/issuer.ts';
export {
  parseCertificate,
  parseCertificatesPem,
  type CertificateFields,
  type ParsedCertificate,
} from './certificate/parse-certificate.ts';
export {
  prepareCertificate,
  prepareRoot,
  type CertificateIntent,
  type PreparedCertificate,
} from './certificate/prepare-certificate.ts';
export { isDnsName, type CertificateNames, type ProfileName } from './certificate/profile.ts';
export { signCertificate, type SignedCertificate } from './certificate/sign-certificate.ts';
export { verifyChain, type ChainRequest } from './chain.ts';
export { buildCsr } from './csr/build-csr.ts';
export { csrSizeBytesMax, parseCsr, type ParsedCsr } from './csr/parse-csr.ts';
export type { BeginOutcome, IssuanceIntent, IssuanceLog, LedgerEntry } from './issuance-log.ts';
export { formatPem, parsePem, type PemBlock } from './pem.ts';
export {
  exportSpki,
  generateKeyPair,
  parsePublicKey,
  publicKeySha256,
  type CheckedPublicKey,
  type KeyKind,
  type Problem,
} from './public-key.ts';
export { createSerialNumber } from './serial-number.ts';
export { createBuiltInSigner, type Signer } from './signer.ts';
export { parseTrustBundle } from './trust-bundle.ts';
export { verifyIssued, type IssuedCheck, type VerifiedCertificate } from './verify-issued.ts';
