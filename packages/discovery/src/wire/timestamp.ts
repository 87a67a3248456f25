// SPDX-License-Identifier: Apache-2.0
import type { Timestamp, Timestamp__Output } from '@signet/proto';

/** google.protobuf.Timestamp of a date. */
export function dateToWire(date: Date): Timestamp {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

/** Within this many milliseconds of 1970 a Date can be (ECMA-262 §21.4.1.1). */
const dateMax = 8.64e15;

/** The date; 1970 when there is none, or none that a Date can hold. */
export function dateFromWire(timestamp: Timestamp__Output | null | undefined): Date {
  if (timestamp === null || timestamp === undefined) return new Date(0);
  const milliseconds = timestamp.seconds * 1000 + Math.floor(timestamp.nanos / 1_000_000);
  return new Date(Math.abs(milliseconds) <= dateMax ? milliseconds : 0);
}
