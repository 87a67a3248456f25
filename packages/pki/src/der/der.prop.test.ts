// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDer, type DerReader } from './der-reader.ts';
import { derTag } from './der-tags.ts';
import { buildElement, buildInteger, buildNamedBits, buildTime } from './der-writer.ts';

const read = <T>(bytes: Uint8Array, parse: (reader: DerReader) => T): T => {
  const parsed = parseDer(bytes, parse);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

test('an element of any length reads back, and has one encoding only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (content) => {
      const encoding = buildElement(derTag.octetString, content);
      const element = read(encoding, (reader) => reader.read(derTag.octetString));
      expect(element.content.equals(content)).toBe(true);
      expect(element.encoding.equals(encoding)).toBe(true);
      expect(parseDer(Buffer.concat([encoding, Buffer.from([0])]), (reader) => reader.readElement()).ok).toBe(false);
    }),
    { numRuns: 50 },
  );
});

test('a non-negative integer reads back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n }), (value) => {
      const hex = value.toString(16);
      const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
      const content = read(buildInteger(magnitude), (reader) => reader.readInteger());
      expect(BigInt(`0x${content.toString('hex')}`)).toBe(value);
      expect((content[0] ?? 0) < 0x80).toBe(true);
    }),
  );
});

test('a time reads back to the second', () => {
  const date = fc.date({
    min: new Date('1950-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (time) => {
      const readBack = read(buildTime(time), (reader) => reader.readTime());
      expect(readBack.getTime()).toBe(Math.floor(time.getTime() / 1000) * 1000);
    }),
  );
});

test('named bits read back, sorted', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(8), { minLength: 1 }), (bits) => {
      expect(read(buildNamedBits(bits), (reader) => reader.readNamedBits())).toEqual(bits.toSorted((a, b) => a - b));
    }),
  );
});

test.each([
  ['indefinite length', '30800000'],
  ['length in a longer form', '04810100'],
  ['length with a leading zero', '0482000100'],
  ['length of five bytes', '04850000000001'],
  ['tag of two bytes', '1f810100'],
  ['content that is cut off', '040500'],
])('%s is refused', (_name, hex) => {
  expect(parseDer(Buffer.from(hex, 'hex'), (reader) => reader.readElement()).ok).toBe(false);
});

test.each([
  ['0202007f', false],
  ['0202ff80', false],
  ['0200', false],
  ['02020080', true],
])('integer %s: %s', (hex, isGood) => {
  expect(parseDer(Buffer.from(hex, 'hex'), (reader) => reader.readInteger()).ok).toBe(isGood);
});

test.each(['170d3236313332353132303030305a', '170d3236303233303132303030305a', '170b323631313235313230305a'])(
  'time %s does not exist',
  (hex) => {
    expect(parseDer(Buffer.from(hex, 'hex'), (reader) => reader.readTime()).ok).toBe(false);
  },
);
