// SPDX-License-Identifier: Apache-2.0

/** The only source of time; tests pass a fixed one. */
export interface Clock {
  now(): Date;
}

/** The clock of the machine. */
export const systemClock: Clock = { now: () => new Date() };
