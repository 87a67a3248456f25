// SPDX-License-Identifier: Apache-2.0
import type { ErrorKind } from './errors.ts';

/** What a reason code means; docs/errors.md is generated from this table. */
export interface ReasonEntry {
  readonly kind: ErrorKind;
  /** What happened. */
  readonly meaning: string;
  /** What the caller or the operator can do. */
  readonly remedy: string;
}

/** Every reason code, permanent once released. Sorted by subject. */
export const reasons = {
  // Callers
  CREDENTIAL_MISSING: {
    kind: 'unauthenticated',
    meaning: 'Neither a bearer token nor a client certificate came with the request.',
    remedy: 'Send `authorization: Bearer <service account token>`.',
  },
  TOKEN_MALFORMED: {
    kind: 'unauthenticated',
    meaning: 'The bearer token is not a signed JWT of a service account.',
    remedy: 'Send the projected service account token as it is.',
  },
  TOKEN_SIGNATURE_INVALID: {
    kind: 'unauthenticated',
    meaning: 'No key of the configured issuer verifies the token.',
    remedy: 'Check that the CA reads the JWKS of this cluster.',
  },
  TOKEN_AUDIENCE_WRONG: {
    kind: 'unauthenticated',
    meaning: 'The token was made for another audience.',
    remedy: 'Project the token with audience `signet.dev`.',
  },
  TOKEN_EXPIRED: {
    kind: 'unauthenticated',
    meaning: 'The token has expired, or is not valid yet.',
    remedy: 'Read the token file again; the kubelet renews it.',
  },
  TOKEN_ISSUER_UNKNOWN: {
    kind: 'unauthenticated',
    meaning: 'The token comes from an issuer that is not configured.',
    remedy: 'Check `tokens.issuer`.',
  },
  TOKEN_NOT_BOUND: {
    kind: 'unauthenticated',
    meaning: 'The token is not bound to a pod.',
    remedy: 'Use a projected token; legacy Secret tokens are refused.',
  },
  TOKEN_REJECTED: {
    kind: 'unauthenticated',
    meaning: 'TokenReview did not authenticate the token.',
    remedy: 'Check that the pod and its account still exist.',
  },
  CERTIFICATE_REJECTED: {
    kind: 'unauthenticated',
    meaning: 'The client certificate is expired, foreign, or not in the ledger.',
    remedy: 'Ask for a new certificate with a token.',
  },
  CALLER_NOT_ALLOWED: {
    kind: 'forbidden',
    meaning: 'The caller is authenticated, but this call is not for it.',
    remedy: 'Use an identity that is configured for it.',
  },
  POD_UNKNOWN: {
    kind: 'forbidden',
    meaning: 'The pod of the credential does not exist any more, or never did.',
    remedy: 'Nothing: the credential outlived its pod.',
  },
  POD_NOT_VISIBLE: {
    kind: 'unavailable',
    meaning: 'The pod is younger than what is known of the cluster.',
    remedy: 'Try again; this resolves within 30 s.',
  },
  POD_TERMINATING: {
    kind: 'forbidden',
    meaning: 'The pod of the credential is being deleted or has finished.',
    remedy: 'Nothing: a pod at its end gets no new certificate.',
  },
  POD_ACCOUNT_MISMATCH: {
    kind: 'forbidden',
    meaning: 'The pod runs under another service account than the credential says.',
    remedy: 'Nothing: the credential is forged or misused.',
  },
  POD_NODE_MISMATCH: {
    kind: 'forbidden',
    meaning: 'The pod runs on another node than the token says.',
    remedy: 'Nothing: the token is misused.',
  },
  // CSRs
  CSR_TOO_LARGE: {
    kind: 'invalid',
    meaning: 'The CSR is larger than 8 KiB.',
    remedy: 'Send a plain PKCS #10 request.',
  },
  CSR_MALFORMED: {
    kind: 'invalid',
    meaning: 'The CSR is not a PKCS #10 request in PEM or DER.',
    remedy: 'Send a plain PKCS #10 request.',
  },
  CSR_SIGNATURE_INVALID: {
    kind: 'invalid',
    meaning: 'The CSR is not signed by the key that it carries.',
    remedy: 'Sign the request with its own key.',
  },
  CSR_SUBJECT_NOT_ALLOWED: {
    kind: 'invalid',
    meaning: 'The subject holds something other than an organisation.',
    remedy: 'Leave the subject empty.',
  },
  CSR_SAN_NOT_ALLOWED: {
    kind: 'invalid',
    meaning: 'The CSR asks for a DNS name, an address, an e-mail address or several URIs.',
    remedy: 'Ask for no subject alternative name; the CA writes the identity.',
  },
  CSR_IDENTITY_MISMATCH: {
    kind: 'forbidden',
    meaning: 'The CSR names another identity than the attested one.',
    remedy: 'Ask for no subject alternative name, or for your own URI.',
  },
  CSR_EXTENSION_NOT_ALLOWED: {
    kind: 'invalid',
    meaning: 'The CSR asks for an extension that the profile does not grant, such as CA:TRUE.',
    remedy: 'Ask for no extensions.',
  },
  CSR_KEY_WEAK: {
    kind: 'invalid',
    meaning: 'The RSA key is shorter than 2048 bits, longer than 4096, or has an exponent other than 65537.',
    remedy: 'Use ECDSA P-256.',
  },
  CSR_KEY_UNSUPPORTED: {
    kind: 'invalid',
    meaning: 'The key is of a kind that is not signed.',
    remedy: 'Use ECDSA P-256 or P-384, Ed25519, or RSA 2048 to 4096.',
  },
  LIFETIME_TOO_LONG: {
    kind: 'invalid',
    meaning: 'The lifetime asked for exceeds the maximum.',
    remedy: 'Ask for less, or leave it out.',
  },
  IMPERSONATION_REFUSED: {
    kind: 'forbidden',
    meaning: 'The request asks for the identity of somebody else.',
    remedy: 'Do not send ImpersonatedIdentity.',
  },
  SERVING_NAMES_MISSING: {
    kind: 'precondition',
    meaning: 'No Service selects the pod, so there are no names for a serving certificate.',
    remedy: 'Create a Service that selects the pod.',
  },
  // Requests
  REQUEST_INVALID: {
    kind: 'invalid',
    meaning: 'A field of the request has a value that is not allowed.',
    remedy: 'See the field in the message.',
  },
  ISSUANCE_UNKNOWN: {
    kind: 'not_found',
    meaning: 'The ledger has no certificate with this serial.',
    remedy: 'Check the serial.',
  },
  SERVICE_UNKNOWN: { kind: 'not_found', meaning: 'There is no such Service.', remedy: 'Check namespace and name.' },
  NODE_ID_MISMATCH: {
    kind: 'forbidden',
    meaning: 'The node id names another pod than the certificate was issued to.',
    remedy: 'Start the proxy with the id of its own pod.',
  },
  SERIAL_UNKNOWN: {
    kind: 'forbidden',
    meaning: 'The certificate of the stream is not in the ledger.',
    remedy: 'Ask the CA for a certificate.',
  },
  // Conditions
  INVENTORY_NOT_SYNCED: {
    kind: 'unavailable',
    meaning: 'The source of the inventory has not been read in full yet.',
    remedy: 'Try again.',
  },
  REVISION_STALE: { kind: 'conflict', meaning: 'The state changed meanwhile.', remedy: 'Read again and retry.' },
  RATE_EXCEEDED: { kind: 'exhausted', meaning: 'Too many requests from this caller.', remedy: 'Slow down.' },
  OVERLOADED: {
    kind: 'unavailable',
    meaning: 'More work is queued than can be done in time.',
    remedy: 'Try again later.',
  },
  STORE_DOWN: {
    kind: 'unavailable',
    meaning: 'The database does not answer.',
    remedy: 'Try again; see the runbook «lost database».',
  },
  CA_DOWN: { kind: 'unavailable', meaning: 'The CA does not answer.', remedy: 'Try again.' },
  KUBERNETES_DOWN: { kind: 'unavailable', meaning: 'The Kubernetes API does not answer.', remedy: 'Try again.' },
  PEER_DOWN: {
    kind: 'unavailable',
    meaning: 'The called service does not answer, or its certificate is not the expected one.',
    remedy: 'Try again; check address, roots and the expected identity.',
  },
  CALL_CANCELLED: { kind: 'unavailable', meaning: 'The caller gave up.', remedy: 'Nothing.' },
  DEADLINE_EXCEEDED: { kind: 'timeout', meaning: 'The work was not done in time.', remedy: 'Try again.' },
  SHUTTING_DOWN: {
    kind: 'unavailable',
    meaning: 'The process is stopping.',
    remedy: 'Try again; another replica answers.',
  },
  INTERNAL: { kind: 'internal', meaning: 'An invariant does not hold.', remedy: 'Report it with the correlation id.' },
} as const satisfies Record<string, ReasonEntry>;

/** A registered reason code. */
export type Reason = keyof typeof reasons;
