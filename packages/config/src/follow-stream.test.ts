// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { SignetError } from '@signet/model';
import { createLogger } from '@signet/runtime';
import { followStream } from './follow-stream.ts';

test('opens again after an end, an error and a message that cannot be read', async () => {
  const stopping = new AbortController();
  const logger = createLogger({ component: 'test', level: 'silent' });
  const seen: string[] = [];
  let attempt = 0;
  await followStream<number>({
    name: 'numbers',
    logger,
    signal: stopping.signal,
    random: () => 0,
    async *open() {
      attempt += 1;
      yield attempt;
      if (attempt === 2) throw new SignetError('CA_DOWN', 'down');
    },
    onOpen: () => seen.push('open'),
    onMessage: (message) => {
      seen.push(String(message));
      if (message === 3) throw new Error('unreadable');
      if (message === 4) stopping.abort();
    },
  });
  expect(seen).toEqual(['open', '1', 'open', '2', 'open', '3', 'open', '4']);
});
