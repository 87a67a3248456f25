// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { envoy } from '@signet/proto/agent';
import type { TlsMaterial } from '@signet/runtime';

/** A secret in the form in which Envoy takes it. Holds a private key: never logged. */
export interface EncodedSecret {
  readonly name: string;
  /** Changes with the content. */
  readonly version: string;
  /** envoy.extensions.transport_sockets.tls.v3.Secret. */
  readonly bytes: Uint8Array;
}

/** Type of every secret. */
export const secretTypeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

const { Secret } = envoy.extensions.transport_sockets.tls.v3;

/** Encodes a key pair; the version is the certificate's serial. */
export function encodeKeyPair(name: string, material: TlsMaterial): EncodedSecret {
  const bytes = Secret.encode({
    name,
    tlsCertificate: {
      certificateChain: { inlineString: material.certificateChainPem },
      privateKey: { inlineString: material.keyPem },
    },
  }).finish();
  return { name, version: material.serial, bytes };
}

/** Encodes roots of trust; the version is a hash of them. */
export function encodeRoots(name: string, rootsPem: string): EncodedSecret {
  const bytes = Secret.encode({ name, validationContext: { trustedCa: { inlineString: rootsPem } } }).finish();
  return { name, version: createHash('sha256').update(rootsPem).digest('hex').slice(0, 16), bytes };
}
