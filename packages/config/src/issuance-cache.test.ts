// SPDX-License-Identifier: Apache-2.0
import { expect, jest, test } from '@jest/globals';
import { SignetError } from '@signet/model';
import { issuanceLedger, type Issuance__Output, type IssuanceEvent, type IssuanceEvent__Output } from '@signet/proto';
import { createIssuanceCache } from './issuance-cache.ts';

function received(event: IssuanceEvent): IssuanceEvent__Output {
  const { responseSerialize, responseDeserialize } = issuanceLedger.WatchIssuances;
  return responseDeserialize(responseSerialize(event));
}

const issued = { sequence: 7, serial: '0A', podUid: 'uid', spiffeId: 'spiffe://x', notAfter: { seconds: 100 } };

test('knows what the stream brought', async () => {
  const lookup = jest.fn<(serial: string) => Promise<Issuance__Output>>();
  const cache = createIssuanceCache(lookup);
  cache.apply(received({ issued }));
  expect(cache.isSynced()).toBe(false);
  cache.apply(received({ synced: { sequence: 9 } }));
  expect(cache.isSynced()).toBe(true);
  expect(cache.sequence()).toBe(9);
  await expect(cache.find('0a')).resolves.toMatchObject({ podUid: 'uid' });
  expect(lookup).not.toHaveBeenCalled();
  cache.prune(new Date(101_000));
  expect(cache.size()).toBe(0);
});

test('asks the ledger on a miss, once', async () => {
  const event = received({ issued });
  const lookup = jest.fn(async () => {
    if (event.issued === null || event.issued === undefined) throw new Error('empty');
    return event.issued;
  });
  const cache = createIssuanceCache(lookup);
  await cache.find('0a');
  await cache.find('0a');
  expect(lookup).toHaveBeenCalledTimes(1);
});

test('tells an unknown serial from a CA that does not answer', async () => {
  const failing = (error: SignetError) => createIssuanceCache(() => Promise.reject(error)).find('0a');
  await expect(failing(new SignetError('ISSUANCE_UNKNOWN', ''))).rejects.toMatchObject({ reason: 'SERIAL_UNKNOWN' });
  await expect(failing(new SignetError('CA_DOWN', ''))).rejects.toMatchObject({ reason: 'CA_DOWN' });
});
