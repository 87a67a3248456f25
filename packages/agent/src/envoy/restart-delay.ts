// SPDX-License-Identifier: Apache-2.0

const steadyMs = 10_000;
const firstMs = 100;
const longestMs = 10_000;

/** Delay before Envoy is started again: short after a long life, doubled for each short one in a row. */
export function restartDelayMs(end: { readonly aliveMs: number; readonly quickExits: number }): {
  readonly delayMs: number;
  readonly quickExits: number;
} {
  if (end.aliveMs >= steadyMs) return { delayMs: firstMs, quickExits: 0 };
  const quickExits = end.quickExits + 1;
  return { delayMs: Math.min(longestMs, firstMs * 2 ** Math.min(quickExits - 1, 20)), quickExits };
}
