// SPDX-License-Identifier: Apache-2.0

/** Options of waitFor. */
export interface WaitOptions {
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Default 25. */
  readonly intervalMs?: number;
  /** Stands in the error, after «waited … ms for». */
  readonly what?: string;
}

/**
 * Polls until the condition gives something other than undefined, null or false, and returns that. A condition that throws
 * counts as not yet fulfilled; its last error becomes the cause of the time-out.
 */
export async function waitFor<T>(
  condition: () => Promise<T> | T,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(
        `waited ${timeoutMs} ms for ${options.what ?? 'a condition'}${lastError instanceof Error ? `: ${lastError.message}` : ''}`,
        { cause: lastError },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 25));
  }
}
