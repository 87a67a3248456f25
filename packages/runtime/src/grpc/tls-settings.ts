// SPDX-License-Identifier: Apache-2.0
import { constants, type X509Certificate } from 'node:crypto';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { TlsMaterial } from '../tls-material.ts';
import { parseCertificateNames } from '../certificate-names.ts';
import type { PeerCertificate } from './call-context.ts';

// TLS 1.3 suites are Node's; below it only forward secrecy with AEAD.
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
].join(':');

/** Versions, suites and options of both ends. */
export const protocolOptions: Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers' | 'secureOptions'> = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers,
  // A resumed session would skip the judgement of the client certificate. In TLS 1.3 this option turns tickets into
  // references to a session cache, and that cache does not exist here, so every handshake is a full one.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
};

/** Milliseconds that a peer has for its handshake, and then for its HTTP/2 preface. */
export const handshakeTimeoutMs = 5000;

/** Options of the TLS server of a listener, without key material. */
export function buildServerOptions(clientCertificate: 'none' | 'request' | 'require', timeoutMs: number): TlsOptions {
  return {
    ...protocolOptions,
    honorCipherOrder: true,
    ALPNProtocols: ['h2'],
    requestCert: clientCertificate !== 'none',
    // Judged in acceptSocket, where a missing certificate and a bad one can be told apart.
    rejectUnauthorized: false,
    handshakeTimeout: timeoutMs,
    sessionTimeout: 1,
  };
}

/** Options that change with the key material. */
export function buildMaterialOptions(material: TlsMaterial): SecureContextOptions {
  return { ...protocolOptions, key: material.keyPem, cert: material.certificateChainPem, ca: material.rootsPem };
}

/** Two materials with the same key make the same secure context. */
export function materialKey(material: TlsMaterial): string {
  return `${material.serial}\n${material.certificateChainPem}\n${material.rootsPem}`;
}

/** Reads the verified certificate of a peer. Throws on DER that cannot be read in full. */
export function readPeerCertificate(certificate: X509Certificate): PeerCertificate & { readonly notBefore: Date } {
  const names = parseCertificateNames(certificate.raw);
  return {
    raw: certificate.raw,
    serial: names.serial,
    spiffeId: names.spiffeId,
    notBefore: names.notBefore,
    notAfter: names.notAfter,
  };
}
