// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';
import { derTag } from './der-tags.ts';

/** Thrown by DerReader only and turned into a Result by parseDer; never leaves this package. */
class DerError extends Error {}

/** One element with its encoding. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly encoding: Buffer;
}

/**
 * Strict reader of DER (X.690): one-byte tags, definite lengths in their shortest form, nothing beyond the end. It goes
 * forward only and never recurses by itself, so hostile nesting costs nothing.
 */
export class DerReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Everything was read. */
  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Tag of the next element; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#position];
  }

  /** Reads any element. */
  readElement(): DerElement {
    const start = this.#position;
    const tag = this.#readByte();
    if ((tag & 0x1f) === 0x1f) throw new DerError('tag of several bytes');
    const length = this.#readLength();
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new DerError('element is longer than what holds it');
    const content = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return { tag, content, encoding: this.#bytes.subarray(start, end) };
  }

  /** Reads an element of that tag. */
  read(tag: number): DerElement {
    if (this.nextTag !== tag) throw new DerError(`expected tag ${tag}, found ${this.nextTag ?? 'the end'}`);
    return this.readElement();
  }

  /** Reads an element of that tag if it comes next. */
  readOptional(tag: number): DerElement | undefined {
    return this.nextTag === tag ? this.readElement() : undefined;
  }

  /** Reader over the contents of a SEQUENCE, or of another constructed type. */
  enter(tag: number = derTag.sequence): DerReader {
    return new DerReader(this.read(tag).content);
  }

  /** Contents of an OBJECT IDENTIFIER in hexadecimal. */
  readOid(): string {
    const { content } = this.read(derTag.oid);
    if (content.length === 0 || content.length > 64) throw new DerError('length of an object identifier');
    return content.toString('hex');
  }

  /** Contents of an INTEGER, which must be in its shortest form. */
  readInteger(): Buffer {
    const { content } = this.read(derTag.integer);
    const [first, second] = content;
    if (first === undefined) throw new DerError('empty integer');
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw new DerError('integer is not in its shortest form');
    }
    return content;
  }

  /** INTEGER between 0 and 2³¹-1. */
  readSmallInteger(): number {
    const content = this.readInteger();
    if (content.length > 4 || (content[0] ?? 0) >= 0x80) throw new DerError('integer out of range');
    return content.readUIntBE(0, content.length);
  }

  readBoolean(): boolean {
    const { content } = this.read(derTag.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('boolean');
    return content[0] === 0xff;
  }

  /** BIT STRING that must consist of whole bytes. */
  readBitStringBytes(): Buffer {
    const { content } = this.read(derTag.bitString);
    if (content[0] !== 0) throw new DerError('bit string is not of whole bytes');
    return content.subarray(1);
  }

  /** BIT STRING as the list of the bits that are set. */
  readNamedBits(): number[] {
    const { content } = this.read(derTag.bitString);
    const unused = content[0];
    if (unused === undefined || unused > 7 || content.length > 5) throw new DerError('named bits');
    const bits: number[] = [];
    for (let bit = 0; bit < (content.length - 1) * 8; bit += 1) {
      if (((content[1 + Math.floor(bit / 8)] ?? 0) & (0x80 >> (bit % 8))) !== 0) bits.push(bit);
    }
    return bits;
  }

  /** UTCTime or GeneralizedTime in the only forms of RFC 5280 §4.1.2.5. */
  readTime(): Date {
    const { tag, content } = this.readElement();
    const text = content.toString('latin1');
    const match =
      tag === derTag.utcTime
        ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
        : tag === derTag.generalizedTime
          ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
          : null;
    if (match === null) throw new DerError('time');
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
    const fullYear = tag === derTag.utcTime ? year + (year < 50 ? 2000 : 1900) : year;
    const time = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second));
    if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || time.getUTCHours() !== hour) {
      throw new DerError('no such time');
    }
    return time;
  }

  /** Refuses bytes that nobody asked for. */
  expectEnd(): void {
    if (!this.isAtEnd) throw new DerError('unexpected bytes at the end');
  }

  #readByte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new DerError('unexpected end');
    this.#position += 1;
    return byte;
  }

  #readLength(): number {
    const first = this.#readByte();
    if (first < 0x80) return first;
    const size = first & 0x7f;
    if (size === 0) throw new DerError('indefinite length');
    if (size > 4) throw new DerError('length of more than four bytes');
    let length = 0;
    for (let index = 0; index < size; index += 1) length = length * 256 + this.#readByte();
    if (length < 0x80 || length < 256 ** (size - 1)) throw new DerError('length is not in its shortest form');
    return length;
  }
}

/** Runs a parser over untrusted bytes, all of which it must consume; what it finds wrong becomes the failure. */
export function parseDer<T>(bytes: Uint8Array, parse: (reader: DerReader) => T): Result<T> {
  const reader = new DerReader(bytes);
  try {
    const value = parse(reader);
    reader.expectEnd();
    return success(value);
  } catch (error) {
    if (error instanceof DerError) return failure(error.message);
    throw error;
  }
}
