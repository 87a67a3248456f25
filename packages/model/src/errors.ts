// SPDX-License-Identifier: Apache-2.0
import { reasons, type Reason } from './reasons.ts';

/** Closed set of error kinds; runtime maps each to one gRPC code and one HTTP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'already_exists'
  | 'conflict'
  | 'precondition'
  | 'exhausted'
  | 'unavailable'
  | 'timeout'
  | 'internal';

/** An error that a caller may see. `detail` and `cause` go to the log only. */
export class SignetError extends Error {
  readonly kind: ErrorKind;
  readonly reason: Reason;
  /** Field of the request that is wrong, dotted. */
  readonly field: string | undefined;
  /** For the log only. */
  readonly detail: string | undefined;
  /** After this many milliseconds a retry makes sense. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, options: SignetErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SignetError';
    this.reason = reason;
    this.kind = reasons[reason].kind;
    this.field = options.field;
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What a SignetError carries beside reason and message. */
export interface SignetErrorOptions {
  readonly field?: string;
  readonly detail?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}
