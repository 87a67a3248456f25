// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { waitFor } from './wait-for.ts';

describe('waitFor', () => {
  test('returns the first value that is something, and takes throwing for «not yet»', async () => {
    let calls = 0;
    const value = await waitFor(
      () => {
        calls += 1;
        if (calls === 1) throw new Error('not yet');
        return calls === 3 ? 'here' : undefined;
      },
      { intervalMs: 1 },
    );
    expect(value).toBe('here');
  });

  test('says what it waited for and why the last attempt failed', async () => {
    const waiting = waitFor(() => Promise.reject(new Error('refused')), {
      timeoutMs: 5,
      intervalMs: 1,
      what: 'the port',
    });
    await expect(waiting).rejects.toThrow('waited 5 ms for the port: refused');
  });
});
