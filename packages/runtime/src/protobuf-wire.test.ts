// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildMessage, bytesOf, numberOf, parseMessage, textOf } from './protobuf-wire.ts';

describe('protobuf on the wire', () => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
        fc.uint8Array(),
        (text, number, bytes) => {
          const fields = parseMessage(
            buildMessage([
              [1, text],
              [2, number],
              [3, [[1, Buffer.from(bytes)]]],
            ]),
          );
          expect(textOf(fields, 1)).toBe(text);
          expect(numberOf(fields, 2)).toBe(Number(number));
          const [nested] = bytesOf(fields, 3);
          expect(nested).toBeDefined();
          expect(bytesOf(parseMessage(nested ?? Buffer.alloc(0)), 1)[0]?.equals(bytes)).toBe(true);
        },
      ),
      { seed: 1 },
    );
  });

  test('throws nothing but RangeError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          parseMessage(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  test('a length beyond the end is refused', () => {
    expect(() => parseMessage(Buffer.from('0aff01', 'hex'))).toThrow(RangeError);
    expect(() => parseMessage(Buffer.from('0affffffffffffffffff01', 'hex'))).toThrow(RangeError);
  });
});
