// SPDX-License-Identifier: Apache-2.0

const serialSizeBytes = 16;

/**
 * Makes a serial number of 16 bytes, 126 of whose bits are random: positive, and never with a leading zero byte
 * (RFC 5280 §4.1.2.2). `random` must be a cryptographic source.
 */
export function createSerialNumber(random: (sizeBytes: number) => Uint8Array): Buffer {
  const serial = Buffer.from(random(serialSizeBytes));
  if (serial.length !== serialSizeBytes) throw new Error('the random source returned another number of bytes');
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}
