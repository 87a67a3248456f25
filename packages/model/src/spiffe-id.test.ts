// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { formatSpiffeId, parseSpiffeId } from './spiffe-id.ts';

describe('parseSpiffeId', () => {
  test('reads what formatSpiffeId writes', () => {
    const id = formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'checkout' });
    expect(id).toBe('spiffe://cluster.local/ns/shop/sa/checkout');
    expect(parseSpiffeId(id)).toEqual({
      ok: true,
      value: { id, trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'checkout' },
    });
  });

  test.each([
    '',
    'spiffe://cluster.local',
    'http://cluster.local/ns/shop/sa/checkout',
    'spiffe://cluster.local/ns/shop/sa/checkout/extra',
    'spiffe://cluster.local/ns/Shop/sa/checkout',
    'spiffe://cluster.local/ns/shop/sa/',
    'spiffe://cluster.local/ns/../sa/checkout',
    'spiffe://Cluster.local/ns/shop/sa/checkout',
    'spiffe://cluster.local:80/ns/shop/sa/checkout',
    `spiffe://cluster.local/ns/shop/sa/${'a'.repeat(300)}`,
  ])('refuses %j', (text) => {
    expect(parseSpiffeId(text).ok).toBe(false);
  });
});
