// SPDX-License-Identifier: Apache-2.0

/** Types of the frames on the exec socket: 1 byte type, 4 bytes length (big endian), payload. */
export const execFrame = {
  stdin: 0,
  stdinEnd: 1,
  signal: 2,
  stdout: 1,
  stderr: 2,
  ended: 3,
  refused: 4,
} as const;

const headerLength = 5;
const maxPayload = 1024 * 1024;

/** Builds one frame. */
export function encodeFrame(type: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(headerLength);
  header.writeUInt8(type);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

/** Cuts a stream into a first line and then frames. Throws on a frame above 1 MiB or a line above 64 KiB. */
export function createFrameReader(on: {
  readonly line?: (line: string) => void;
  readonly frame: (type: number, payload: Buffer) => void;
}): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let hasLine = on.line === undefined;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    if (!hasLine) {
      const end = pending.indexOf(0x0a);
      if (end < 0) {
        if (pending.length > 65_536) throw new Error('the request line is longer than 64 KiB');
        return;
      }
      hasLine = true;
      const line = pending.subarray(0, end).toString();
      pending = pending.subarray(end + 1);
      on.line?.(line);
    }
    while (pending.length >= headerLength) {
      const length = pending.readUInt32BE(1);
      if (length > maxPayload) throw new Error('a frame is longer than 1 MiB');
      if (pending.length < headerLength + length) return;
      const payload = pending.subarray(headerLength, headerLength + length);
      const type = pending.readUInt8();
      pending = pending.subarray(headerLength + length);
      on.frame(type, payload);
    }
  };
}
