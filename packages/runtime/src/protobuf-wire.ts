// SPDX-License-Identifier: Apache-2.0

/** One field of a protobuf message as it stands on the wire. */
export type WireField =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Buffer }
  | { readonly number: number; readonly kind: 'fixed'; readonly value: Buffer };

/** What buildMessage takes: field number and value; an array of fields is a nested message. */
export type MessageField = readonly [
  number: number,
  value: number | bigint | string | Buffer | readonly MessageField[],
];

/**
 * Reads the fields of a message, for the few well-known messages (reflection, health, rich status) for which no
 * generated code is worth its weight. Throws RangeError on bytes that are no protobuf.
 */
export function parseMessage(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset];
      if (byte === undefined) throw new RangeError('truncated varint');
      offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('varint longer than ten bytes');
  };
  const take = (length: number): Buffer => {
    if (length < 0 || length > bytes.length - offset) throw new RangeError('truncated field');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  while (offset < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError('field number 0');
    switch (tag & 7) {
      case 0:
        fields.push({ number, kind: 'varint', value: varint() });
        break;
      case 1:
        fields.push({ number, kind: 'fixed', value: take(8) });
        break;
      case 2:
        fields.push({ number, kind: 'bytes', value: take(Number(varint())) });
        break;
      case 5:
        fields.push({ number, kind: 'fixed', value: take(4) });
        break;
      default:
        throw new RangeError(`wire type ${tag & 7}`);
    }
  }
  return fields;
}

/** All values of a length-delimited field. */
export function bytesOf(fields: readonly WireField[], number: number): readonly Buffer[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.value] : []));
}

/** The last value of a string field; empty when absent. */
export function textOf(fields: readonly WireField[], number: number): string {
  return bytesOf(fields, number).at(-1)?.toString('utf8') ?? '';
}

/** The last value of an integer field; 0 when absent. */
export function numberOf(fields: readonly WireField[], number: number): number {
  const field = fields.findLast((candidate) => candidate.number === number && candidate.kind === 'varint');
  return field?.kind === 'varint' ? Number(BigInt.asIntN(64, field.value)) : 0;
}

function encodeVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Writes a message from its fields, in the order given. */
export function buildMessage(fields: readonly MessageField[]): Buffer {
  const parts: Buffer[] = [];
  for (const [number, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      parts.push(encodeVarint(BigInt(number) << 3n), encodeVarint(BigInt(value)));
      continue;
    }
    const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : buildMessage(value);
    parts.push(encodeVarint((BigInt(number) << 3n) | 2n), encodeVarint(BigInt(bytes.length)), bytes);
  }
  return Buffer.concat(parts);
}
