// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { Condition } from '@signet/policy';
import { accessRules } from './access-rules.ts';

const path: Condition = { kind: 'path', match: { kind: 'prefix', value: '/public' } };
const escaped = { urlPath: { path: { safeRegex: { regex: '(?i:.*%(?:2f|5c).*)' } } } };
const plain = { urlPath: { path: { prefix: '/public' } } };
const meets = { orRules: { rules: [plain, escaped] } };
const misses = { andRules: { rules: [plain, { notRule: escaped }] } };

function targetOf(action: 'ALLOW' | 'DENY', target: Condition): unknown {
  return accessRules(action, [{ id: 'x', source: { kind: 'always' }, target }]).policies?.['x']?.permissions?.[0];
}

describe('a path with an escaped slash', () => {
  test('meets what refuses and misses what admits', () => {
    expect(targetOf('DENY', path)).toEqual(meets);
    expect(targetOf('ALLOW', path)).toEqual(misses);
  });

  test('does so behind a negation too', () => {
    const not: Condition = { kind: 'not', of: { kind: 'some', of: [path] } };
    expect(targetOf('DENY', not)).toEqual({ notRule: { orRules: { rules: [misses] } } });
    expect(targetOf('ALLOW', not)).toEqual({ notRule: { orRules: { rules: [meets] } } });
  });

  test('is compared as it is with a condition that names one, or any path', () => {
    const named: Condition = { kind: 'path', match: { kind: 'exact', value: '/a%2Fb' } };
    expect(targetOf('ALLOW', named)).toEqual({ urlPath: { path: { exact: '/a%2Fb' } } });
    expect(targetOf('ALLOW', { kind: 'path', match: { kind: 'present', value: '' } })).not.toHaveProperty('andRules');
  });
});
