// SPDX-License-Identifier: Apache-2.0

/** How a call travelled; empty when it ended before that was known. */
export type Transport = 'mtls' | 'tls' | 'plaintext' | '';

/** How a call ended. */
export type Verdict = 'ALLOWED' | 'DENIED' | 'FAILED';

/** What calls have in common that are counted together. */
export interface FlowKey {
  readonly isInbound: boolean;
  /** Identity of the peer's certificate; empty when there was none. */
  readonly peerSpiffeId: string;
  /** Serial of the peer's certificate, normalised. */
  readonly peerSerial: string;
  readonly peerAddress: string;
  readonly port: number;
  readonly transport: Transport;
  readonly verdict: Verdict;
  /** Policy and rule that decided; empty when no rule was needed. */
  readonly rule: string;
  readonly tlsVersion: string;
  /** Serial of the certificate of the reporting pod. */
  readonly localSerial: string;
  readonly target: string;
  readonly failure: string;
}

/** Calls with one key. */
export interface Flow extends FlowKey {
  readonly calls: number;
  readonly lastSeen: Date;
}
