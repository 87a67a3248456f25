// SPDX-License-Identifier: Apache-2.0

/** Contents octets, in hexadecimal, of the object identifiers in use; dotted form beside. */
export const oid = {
  // Keys
  rsaEncryption: '2a864886f70d010101', // 1.2.840.113549.1.1.1
  ecPublicKey: '2a8648ce3d0201', // 1.2.840.10045.2.1
  p256: '2a8648ce3d030107', // 1.2.840.10045.3.1.7
  p384: '2b81040022', // 1.3.132.0.34
  ed25519: '2b6570', // 1.3.101.112
  // Signatures
  sha256WithRsa: '2a864886f70d01010b', // 1.2.840.113549.1.1.11
  sha384WithRsa: '2a864886f70d01010c', // 1.2.840.113549.1.1.12
  sha512WithRsa: '2a864886f70d01010d', // 1.2.840.113549.1.1.13
  ecdsaWithSha256: '2a8648ce3d040302', // 1.2.840.10045.4.3.2
  ecdsaWithSha384: '2a8648ce3d040303', // 1.2.840.10045.4.3.3
  ecdsaWithSha512: '2a8648ce3d040304', // 1.2.840.10045.4.3.4
  // Names
  commonName: '550403', // 2.5.4.3
  organization: '55040a', // 2.5.4.10
  // PKCS #10
  extensionRequest: '2a864886f70d01090e', // 1.2.840.113549.1.9.14
  // Extensions
  subjectKeyIdentifier: '551d0e', // 2.5.29.14
  keyUsage: '551d0f', // 2.5.29.15
  subjectAltName: '551d11', // 2.5.29.17
  basicConstraints: '551d13', // 2.5.29.19
  authorityKeyIdentifier: '551d23', // 2.5.29.35
  extendedKeyUsage: '551d25', // 2.5.29.37
  // Purposes
  serverAuth: '2b06010505070301', // 1.3.6.1.5.5.7.3.1
  clientAuth: '2b06010505070302', // 1.3.6.1.5.5.7.3.2
} as const;

/** Bits of KeyUsage (RFC 5280 §4.2.1.3). */
export const keyUsageBit = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  crlSign: 6,
} as const;
