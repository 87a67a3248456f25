// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { findCulprits } from './rejection-culprits.ts';

test.each([
  ['one resource is always to blame', 'what?', ['a'], ['a']],
  [
    'listener list',
    'Error adding/updating listener(s) inbound: bad filter\nl2: worse',
    ['inbound', 'l2', 'l3'],
    ['inbound', 'l2'],
  ],
  [
    'a name inside a reason is not blamed',
    "Error adding/updating listener(s) l2: unknown cluster 'inbound'",
    ['inbound', 'l2'],
    ['l2'],
  ],
  ['cluster list', 'Error adding/updating cluster(s) a|80: x, b|80: y', ['a|80', 'b|80', 'c|80'], ['a|80', 'b|80']],
  ['a name that is part of another', 'route config rules/ab is bad', ['rules/a', 'rules/ab'], ['rules/ab']],
  ['a name in quotes', "Invalid RBAC in 'x.y'", ['x.y', 'z'], ['x.y']],
  ['nobody', 'Proto constraint validation failed', ['a', 'b'], []],
  ['everybody', 'a and b are bad', ['a', 'b'], []],
])('%s', (...[, message, names, expected]) => {
  expect(findCulprits(message, names)).toEqual(expected);
});
