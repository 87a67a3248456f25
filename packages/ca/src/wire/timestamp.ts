// SPDX-License-Identifier: Apache-2.0
import type { Timestamp } from '@signet/proto';

/** google.protobuf.Timestamp of a date. */
export function dateToWire(date: Date): Timestamp {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}
