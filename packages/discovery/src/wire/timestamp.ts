// SPDX-License-Identifier: Apache-2.0
import type { Timestamp, Timestamp__Output } from '@signet/proto';

/** google.protobuf.Timestamp of a date. */
export function dateToWire(date: Date): Timestamp {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

/** The date; 1970 when there is none. */
export function dateFromWire(timestamp: Timestamp__Output | null | undefined): Date {
  if (timestamp === null || timestamp === undefined) return new Date(0);
  return new Date(timestamp.seconds * 1000 + Math.floor(timestamp.nanos / 1_000_000));
}
