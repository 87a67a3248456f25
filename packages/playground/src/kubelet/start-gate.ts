// SPDX-License-Identifier: Apache-2.0

/** Lets a limited number of programs load at the same time, so that what everybody waits for is not starved. */
export interface StartGate {
  /** Settles when there is room; the answer makes room for the next and may be called more than once. */
  enter(): Promise<() => void>;
}

/** Makes a gate. */
export function createStartGate(limit: number): StartGate {
  const waiting: (() => void)[] = [];
  let inside = 0;
  const leave = (): void => {
    const next = waiting.shift();
    // The place goes to the one who waits, without being free in between.
    if (next === undefined) inside -= 1;
    else next();
  };
  return {
    async enter() {
      if (inside < limit) inside += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let isInside = true;
      return () => {
        if (isInside) leave();
        isInside = false;
      };
    },
  };
}
