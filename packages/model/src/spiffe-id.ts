// SPDX-License-Identifier: Apache-2.0
import type { Result } from './result.ts';
import { failure, success } from './result.ts';

declare const spiffeIdBrand: unique symbol;
/** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`; made by parseSpiffeId or formatSpiffeId only. */
export type SpiffeId = string & { readonly [spiffeIdBrand]: true };

/** The parts of a workload's SPIFFE id. */
export interface SpiffeIdParts {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

// SPIFFE-ID §2.1 for the trust domain; RFC 1123 names, as Kubernetes demands, for the rest.
const trustDomainPattern = /^[a-z0-9._-]{1,255}$/;
const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const serviceAccountPattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const idPattern = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;

function problemOf(parts: SpiffeIdParts): string | undefined {
  if (!trustDomainPattern.test(parts.trustDomain))
    return `trust domain «${parts.trustDomain}» is not a SPIFFE trust domain`;
  if (!namespacePattern.test(parts.namespace)) return `«${parts.namespace}» is not a namespace name`;
  if (!serviceAccountPattern.test(parts.serviceAccount))
    return `«${parts.serviceAccount}» is not a service account name`;
  return undefined;
}

/** Reads a workload identity; the failure says which part is wrong. */
export function parseSpiffeId(text: string): Result<SpiffeIdParts & { readonly id: SpiffeId }> {
  const match = text.length <= 2048 ? idPattern.exec(text) : null;
  const [, trustDomain, namespace, serviceAccount] = match ?? [];
  if (trustDomain === undefined || namespace === undefined || serviceAccount === undefined) {
    return failure('expected spiffe://<trust domain>/ns/<namespace>/sa/<service account>');
  }
  const parts = { trustDomain, namespace, serviceAccount };
  const problem = problemOf(parts);
  return problem === undefined ? success({ ...parts, id: text as SpiffeId }) : failure(problem);
}

/** Writes a workload identity. Throws on parts that Kubernetes would not accept: a broken invariant, not user input. */
export function formatSpiffeId(parts: SpiffeIdParts): SpiffeId {
  const problem = problemOf(parts);
  if (problem !== undefined) throw new Error(problem);
  return `spiffe://${parts.trustDomain}/ns/${parts.namespace}/sa/${parts.serviceAccount}` as SpiffeId;
}
