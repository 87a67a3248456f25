// SPDX-License-Identifier: Apache-2.0

/** A key pair with its chain and the roots that peers are judged by. */
export interface TlsMaterial {
  readonly keyPem: string;
  /** Leaf first, then intermediates. */
  readonly certificateChainPem: string;
  /** Roots that peers must chain to. */
  readonly rootsPem: string;
  /** Of the leaf, normalised. */
  readonly serial: string;
  readonly spiffeId: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}
