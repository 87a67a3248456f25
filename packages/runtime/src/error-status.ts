// SPDX-License-Identifier: Apache-2.0
import { status } from '@grpc/grpc-js';
import type { ErrorKind, Reason } from '@signet/model';

interface KindMapping {
  readonly code: status;
  readonly httpStatus: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** One row for each kind of error; a new kind without a row does not compile. */
export const kindMappings: Readonly<Record<ErrorKind, KindMapping>> = {
  invalid: { code: status.INVALID_ARGUMENT, httpStatus: 400, logLevel: 'info' },
  unauthenticated: { code: status.UNAUTHENTICATED, httpStatus: 401, logLevel: 'info' },
  forbidden: { code: status.PERMISSION_DENIED, httpStatus: 403, logLevel: 'warn' },
  not_found: { code: status.NOT_FOUND, httpStatus: 404, logLevel: 'debug' },
  already_exists: { code: status.ALREADY_EXISTS, httpStatus: 409, logLevel: 'info' },
  conflict: { code: status.ABORTED, httpStatus: 409, logLevel: 'info' },
  precondition: { code: status.FAILED_PRECONDITION, httpStatus: 400, logLevel: 'info' },
  exhausted: { code: status.RESOURCE_EXHAUSTED, httpStatus: 429, logLevel: 'warn' },
  unavailable: { code: status.UNAVAILABLE, httpStatus: 503, logLevel: 'warn' },
  timeout: { code: status.DEADLINE_EXCEEDED, httpStatus: 504, logLevel: 'warn' },
  internal: { code: status.INTERNAL, httpStatus: 500, logLevel: 'error' },
};

/** Name of the gRPC code of a kind of error, for documents. */
export function grpcCodeNameOf(kind: ErrorKind): string {
  return status[kindMappings[kind].code];
}

/** HTTP status of a kind of error, for REST. */
export function httpStatusOf(kind: ErrorKind): number {
  return kindMappings[kind].httpStatus;
}

/** The reason to assume when a peer sent a bare gRPC code without details. */
export function reasonOfCode(code: status): Reason {
  switch (code) {
    case status.CANCELLED:
      return 'CALL_CANCELLED';
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
    case status.NOT_FOUND:
    case status.ALREADY_EXISTS:
      return 'REQUEST_INVALID';
    case status.UNAUTHENTICATED:
      return 'CERTIFICATE_REJECTED';
    case status.PERMISSION_DENIED:
      return 'CALLER_NOT_ALLOWED';
    case status.RESOURCE_EXHAUSTED:
      return 'RATE_EXCEEDED';
    case status.UNAVAILABLE:
      return 'PEER_DOWN';
    case status.DEADLINE_EXCEEDED:
      return 'DEADLINE_EXCEEDED';
    case status.ABORTED:
      return 'REVISION_STALE';
    default:
      return 'INTERNAL';
  }
}
