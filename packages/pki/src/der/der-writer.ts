// SPDX-License-Identifier: Apache-2.0
import { derTag } from './der-tags.ts';

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/** One element: tag, definite length in its shortest form, contents. */
export function buildElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(length), ...contents]);
}

/** SEQUENCE of elements that are encoded already. */
export function buildSequence(...elements: readonly Uint8Array[]): Buffer {
  return buildElement(derTag.sequence, ...elements);
}

/** OBJECT IDENTIFIER from its contents in hexadecimal (see oids.ts). */
export function buildOid(hex: string): Buffer {
  return buildElement(derTag.oid, Buffer.from(hex, 'hex'));
}

/** Non-negative INTEGER from big-endian bytes; superfluous zeros are dropped (X.690 §8.3.2). */
export function buildInteger(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start += 1;
  const digits = magnitude.subarray(start);
  const needsSignByte = digits.length === 0 || (digits[0] ?? 0) >= 0x80;
  return buildElement(derTag.integer, needsSignByte ? Buffer.from([0]) : Buffer.alloc(0), digits);
}

/** OCTET STRING. */
export function buildOctetString(content: Uint8Array): Buffer {
  return buildElement(derTag.octetString, content);
}

/** BIT STRING of whole bytes. */
export function buildBitString(content: Uint8Array, unusedBits = 0): Buffer {
  return buildElement(derTag.bitString, Buffer.from([unusedBits]), content);
}

/** BIT STRING with named bits, in the shortest form (X.690 §11.2.2); bit 0 is the first. */
export function buildNamedBits(bits: readonly number[]): Buffer {
  const highest = Math.max(...bits);
  const bytes = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const bit of bits) {
    const index = Math.floor(bit / 8);
    bytes[index] = (bytes[index] ?? 0) | (0x80 >> (bit % 8));
  }
  return buildBitString(bytes, 7 - (highest % 8));
}

/** BOOLEAN. */
export function buildBoolean(value: boolean): Buffer {
  return buildElement(derTag.boolean, Buffer.from([value ? 0xff : 0]));
}

/** UTF8String. */
export function buildUtf8String(text: string): Buffer {
  return buildElement(derTag.utf8String, Buffer.from(text, 'utf8'));
}

/** `[number]`, constructed: EXPLICIT tagging, or IMPLICIT over a constructed type. */
export function buildConstructed(number: number, ...contents: readonly Uint8Array[]): Buffer {
  return buildElement(0xa0 | number, ...contents);
}

/** `[number]` IMPLICIT over a primitive type. */
export function buildPrimitive(number: number, content: Uint8Array): Buffer {
  return buildElement(0x80 | number, content);
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5); fractions of a second are dropped. */
export function buildTime(time: Date): Buffer {
  const digits = time.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const year = time.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? buildElement(derTag.utcTime, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : buildElement(derTag.generalizedTime, Buffer.from(`${digits}Z`, 'latin1'));
}
