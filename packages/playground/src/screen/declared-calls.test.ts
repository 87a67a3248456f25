// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { callTarget, parseDeclaredCalls } from './declared-calls.ts';

const annotated = (text: string) => parseDeclaredCalls({ 'signet.dev/calls': text });

describe('parseDeclaredCalls', () => {
  test('fills in the defaults', () => {
    expect(annotated('- { to: cart, port: 80, expected: allowed }')).toEqual({
      ok: true,
      value: [{ to: 'cart', port: 80, protocol: 'http', method: 'GET', path: '/', expected: 'allowed' }],
    });
    expect(parseDeclaredCalls({})).toEqual({ ok: true, value: [] });
  });

  test.each([
    ['- { to: cart, port: 80 }', 'expected'],
    ['- { to: Cart, port: 80, expected: allowed }', 'to'],
    ['- { to: cart, port: 0, expected: allowed }', 'port'],
    ['- { to: cart, port: 80, expected: allowed, paht: / }', 'paht'],
    ['- { to: cart', 'signet.dev/calls'],
  ])('refuses %s naming %s', (text, field) => {
    const parsed = annotated(text);
    expect(parsed.ok ? '' : parsed.error).toContain(field);
  });
});

test('callTarget names the Service in full', () => {
  const call = {
    to: 'cart.other',
    port: 80,
    protocol: 'https',
    method: 'POST',
    path: '/x',
    expected: 'allowed',
  } as const;
  expect(callTarget(call, 'shop')).toBe('POST https://cart.other.svc.cluster.local:80/x');
  expect(callTarget({ ...call, to: 'cart' }, 'shop')).toBe('POST https://cart.shop.svc.cluster.local:80/x');
});
