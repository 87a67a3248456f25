// SPDX-License-Identifier: Apache-2.0

// One message on the wire: a byte «compressed», four bytes of length, then the message. Both messages of the sample are
// `{string text = 1}`, which is also a valid (unknown-field free) grpc.health.v1.HealthCheckRequest.
const prefixLength = 5;
const textTag = 0x0a;

/** Frames a gRPC message. */
export function frameMessage(message: Buffer): Buffer {
  const frame = Buffer.alloc(prefixLength + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, prefixLength);
  return frame;
}

/** Encodes `{string text = 1}`; texts up to 16383 bytes. */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([textTag, ...length]), bytes]);
}

/** Reads the text of the first framed `{string text = 1}`; empty when it is not one. */
export function decodeFramedText(data: Buffer): string {
  if (data.length < prefixLength + 2 || data[prefixLength] !== textTag) return '';
  const first = data[prefixLength + 1] ?? 0;
  const second = data[prefixLength + 2] ?? 0;
  const [length, start] = first < 0x80 ? [first, prefixLength + 2] : [(first & 0x7f) | (second << 7), prefixLength + 3];
  return data.subarray(start, start + length).toString();
}
