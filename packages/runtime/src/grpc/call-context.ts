// SPDX-License-Identifier: Apache-2.0

/** The certificate of the other side of a connection, verified against the roots of the handshake. */
export interface PeerCertificate {
  /** DER. */
  readonly raw: Buffer;
  /** Normalised. */
  readonly serial: string;
  /** The URI SAN when there is exactly one, parsed from DER. */
  readonly spiffeId: string | undefined;
  readonly notAfter: Date;
}

/** Who calls, and how to notice that the caller has gone. */
export interface CallContext {
  /** Bound to the connection; undefined when no certificate was presented. */
  readonly peer: PeerCertificate | undefined;
  /** From `authorization: Bearer …`; not verified here. */
  readonly bearerToken: string | undefined;
  /** `address:port`. */
  readonly remoteAddress: string;
  /** Aborts when the caller cancels, its deadline ends or the connection goes. */
  readonly signal: AbortSignal;
  /** Text metadata without credentials. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly connectionId: number;
}
