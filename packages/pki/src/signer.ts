// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { signatureAlgorithmFor } from './signature-algorithm.ts';

/** Port to a CA's private key, which never leaves it. */
export interface Signer {
  readonly publicKey: KeyObject;
  /** Signature algorithm, as in oids.ts. */
  readonly algorithm: string;
  /** True for a signer outside of this process: its signatures are checked before they are used. */
  readonly isRemote: boolean;
  /** Signs a TBSCertificate. */
  sign(signed: Uint8Array): Promise<Uint8Array>;
}

/** Signer over a private key in memory. */
export function createBuiltInSigner(privateKey: KeyObject): Signer {
  const { id, digest } = signatureAlgorithmFor(privateKey);
  return {
    publicKey: createPublicKey(privateKey),
    algorithm: id,
    isRemote: false,
    // Synchronous on purpose: handing 25 µs of work to a thread costs more than the work.
    sign: (signed) => Promise.resolve(sign(digest, signed, privateKey)),
  };
}
