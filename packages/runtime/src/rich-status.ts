// SPDX-License-Identifier: Apache-2.0
import { Metadata, type ServiceError, type status } from '@grpc/grpc-js';
import { SignetError, reasons, type Reason } from '@signet/model';
import { kindMappings, reasonOfCode } from './error-status.ts';
import { buildMessage, bytesOf, numberOf, parseMessage, textOf, type MessageField } from './protobuf-wire.ts';

// google.rpc: Status{code=1,message=2,details=3 (Any{type_url=1,value=2})}, ErrorInfo{reason=1,domain=2,metadata=3},
// BadRequest{field_violations=1{field=1,description=2}}, RetryInfo{retry_delay=1{seconds=1,nanos=2}}.
const detailsKey = 'grpc-status-details-bin';
const typePrefix = 'type.googleapis.com/google.rpc.';

/** Domain of the reasons in ErrorInfo. */
export const errorDomain = 'signet.dev';

/** What grpc-js sends as status and trailers. */
export interface WireError {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

function any(type: string, fields: readonly MessageField[]): MessageField {
  return [
    3,
    [
      [1, `${typePrefix}${type}`],
      [2, buildMessage(fields)],
    ],
  ];
}

/** Writes an error as gRPC status with standard rich details: reason and domain, field violation, retry delay. */
export function formatWireError(error: SignetError): WireError {
  const { code } = kindMappings[error.kind];
  const details: MessageField[] = [
    any('ErrorInfo', [
      [1, error.reason],
      [2, errorDomain],
    ]),
  ];
  if (error.field !== undefined) {
    details.push(
      any('BadRequest', [
        [
          1,
          [
            [1, error.field],
            [2, error.message],
          ],
        ],
      ]),
    );
  }
  if (error.retryAfterMs !== undefined) {
    const seconds = Math.floor(error.retryAfterMs / 1000);
    const nanos = Math.round((error.retryAfterMs - seconds * 1000) * 1e6);
    details.push(
      any('RetryInfo', [
        [
          1,
          [
            [1, seconds],
            [2, nanos],
          ],
        ],
      ]),
    );
  }
  const metadata = new Metadata();
  metadata.set(detailsKey, buildMessage([[1, code], [2, error.message], ...details]));
  return { code, details: error.message, metadata };
}

interface ReadDetails {
  reason?: Reason;
  field?: string;
  retryAfterMs?: number;
}

function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text);
}

function readDetails(bytes: Buffer): ReadDetails {
  const read: ReadDetails = {};
  for (const detail of bytesOf(parseMessage(bytes), 3)) {
    const wrapped = parseMessage(detail);
    const value = parseMessage(bytesOf(wrapped, 2).at(-1) ?? Buffer.alloc(0));
    switch (textOf(wrapped, 1)) {
      case `${typePrefix}ErrorInfo`: {
        const reason = textOf(value, 1);
        if (textOf(value, 2) === errorDomain && isReason(reason)) read.reason = reason;
        break;
      }
      case `${typePrefix}BadRequest`: {
        const violation = bytesOf(value, 1)[0];
        if (violation !== undefined) read.field = textOf(parseMessage(violation), 1);
        break;
      }
      case `${typePrefix}RetryInfo`: {
        const delay = parseMessage(bytesOf(value, 1)[0] ?? Buffer.alloc(0));
        read.retryAfterMs = numberOf(delay, 1) * 1000 + numberOf(delay, 2) / 1e6;
        break;
      }
    }
  }
  return read;
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** Reads what a call threw back into a SignetError; anything that is none becomes `INTERNAL` with the cause kept. */
export function toSignetError(error: unknown): SignetError {
  if (error instanceof SignetError) return error;
  if (!isServiceError(error)) return new SignetError('INTERNAL', 'unexpected failure', { cause: error });
  let read: ReadDetails = {};
  const [bytes] = error.metadata?.get(detailsKey) ?? [];
  if (Buffer.isBuffer(bytes)) {
    try {
      read = readDetails(bytes);
    } catch {
      // A peer's garbage in the details is worth no more than details that are absent.
    }
  }
  const reason = read.reason ?? reasonOfCode(error.code);
  // grpc-js appends an empty note about name resolution to connection failures.
  const message = error.details.replace(/ Resolution note: $/, '');
  return new SignetError(reason, message === '' ? error.message : message, {
    cause: error,
    ...(read.field === undefined ? {} : { field: read.field }),
    ...(read.retryAfterMs === undefined ? {} : { retryAfterMs: read.retryAfterMs }),
  });
}
