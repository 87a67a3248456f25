// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';

/** SQLSTATE classes that say nothing about the statement: connection, resources, operator, system. */
const transientClasses: ReadonlySet<string> = new Set(['08', '53', '57', '58']);
/** Serialisation failure, deadlock, lock not available, read-only transaction (a fail-over in progress). */
const transientCodes: ReadonlySet<string> = new Set(['40001', '40P01', '55P03', '25006']);
const socketCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** Not by instanceof: errors of the network may come from another realm. */
function textOf(error: unknown, field: 'code' | 'message'): string {
  const value =
    typeof error === 'object' && error !== null && field in error
      ? (error as Record<typeof field, unknown>)[field]
      : '';
  return typeof value === 'string' ? value : '';
}

/** True when the statement may succeed later as it is. */
export function isTransient(error: unknown): boolean {
  const code = textOf(error, 'code');
  if (/^[0-9A-Z]{5}$/.test(code)) return transientClasses.has(code.slice(0, 2)) || transientCodes.has(code);
  if (socketCodes.has(code)) return true;
  // The driver has no codes for its own failures.
  return /connection|timeout|terminated|not queryable|client has/i.test(textOf(error, 'message'));
}

/** Turns a failure of the driver into an error that a caller may see; the original becomes its cause. */
export function toStoreError(error: unknown): SignetError {
  if (error instanceof SignetError) return error;
  const detail = textOf(error, 'message');
  return isTransient(error)
    ? new SignetError('STORE_DOWN', 'the database does not answer; try again', {
        cause: error,
        detail,
        retryAfterMs: 500,
      })
    : new SignetError('INTERNAL', 'the database refused a statement', { cause: error, detail });
}
