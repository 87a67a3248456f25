// SPDX-License-Identifier: Apache-2.0
import type { ErrorKind } from '@signet/model';

/** Validity of a certificate, and when it was received. */
export interface Validity {
  /** When the certificate was received; a CA dates certificates back for slow clocks, which is no time of use. */
  readonly receivedAt: Date;
  readonly notAfter: Date;
}

/** Limits of retries, in milliseconds. */
export interface RetryLimits {
  /** First delay after a failure that may pass. */
  readonly firstMs: number;
  /** Longest delay after a failure that may pass. */
  readonly longestMs: number;
  /** Delay after a refusal that only a change elsewhere can lift. */
  readonly refusedMs: number;
}

/** Fast at first: many pods start at once, and each waits for its first certificate. */
export const defaultRetryLimits: RetryLimits = { firstMs: 100, longestMs: 5_000, refusedMs: 30_000 };

const renewalShare = 0.5;
/** Spreads the renewals of pods that started together over a tenth of the lifetime. */
const renewalJitterShare = 0.1;
/** Never renews more often, however short the lifetime. */
const shortestRenewalMs = 500;

/**
 * When to renew: at half of the usable life, give or take a twentieth of it.
 * `random` is in [0, 1).
 */
export function renewalTime(validity: Validity, random: number): Date {
  const receivedMs = validity.receivedAt.getTime();
  const usableMs = Math.max(0, validity.notAfter.getTime() - receivedMs);
  const share = renewalShare + renewalJitterShare * (random - 0.5);
  return new Date(receivedMs + Math.max(shortestRenewalMs, usableMs * share));
}

/** True for a failure that the same request may survive later. */
export function isTransient(kind: ErrorKind): boolean {
  switch (kind) {
    case 'unavailable':
    case 'timeout':
    case 'exhausted':
    case 'conflict':
    case 'internal':
      return true;
    case 'invalid':
    case 'unauthenticated':
    case 'forbidden':
    case 'not_found':
    case 'already_exists':
    case 'precondition':
      return false;
    default:
      return kind satisfies never;
  }
}

/** A failed attempt. */
export interface FailedAttempt {
  readonly kind: ErrorKind;
  /** Failures in a row, 1 for the first. */
  readonly attempt: number;
  /** What the server asked for, milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Delay before the next attempt, in milliseconds: doubled for each failure in a row, between half and all of that value;
 * never shorter than the server asked for. `random` is in [0, 1).
 */
export function retryDelayMs(failed: FailedAttempt, limits: RetryLimits, random: number): number {
  const ceilingMs = isTransient(failed.kind)
    ? Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(failed.attempt - 1, 20))
    : limits.refusedMs;
  const asked = Math.min(failed.retryAfterMs ?? 0, limits.refusedMs);
  return Math.round(Math.max(asked, ceilingMs * (0.5 + random / 2)));
}
