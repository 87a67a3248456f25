// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';

/** Structured log; the message is constant, everything variable is a field. */
export type Logger = pino.Logger;

// Nothing that authenticates anybody is ever written, under whatever object it hangs.
const secretFields = [
  'authorization',
  'bearerToken',
  'csr',
  'keyPem',
  'password',
  'privateKey',
  'token',
  'databaseUrl',
];

/** Paths that the logger redacts, at the top and one and two levels below. */
export const redactedPaths: readonly string[] = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** Creates the log of a component: JSON lines, on stderr unless told otherwise. `sink` replaces the destination in tests. */
export function createLogger(o: {
  readonly component: string;
  readonly level?: string;
  readonly destination?: 'stdout' | 'stderr';
  readonly sink?: { write(line: string): void };
}): Logger {
  // Synchronous: a worker transport loses the last lines of a crash.
  const destination = o.sink ?? pino.destination({ fd: o.destination === 'stdout' ? 1 : 2, sync: true });
  return pino(
    {
      level: o.level ?? 'info',
      base: { component: o.component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...redactedPaths], censor: '[redacted]' },
    },
    destination,
  );
}
