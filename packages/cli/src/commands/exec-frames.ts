// SPDX-License-Identifier: Apache-2.0

/** Frames to the playground: one byte of type, four of length (big endian), payload. */
export const clientFrames = { stdin: 0, stdinEnded: 1, signal: 2 } as const;
/** Frames from the playground. */
export const serverFrames = { stdout: 1, stderr: 2, ended: 3, refused: 4 } as const;

const headerBytes = 5;
const payloadBytesMax = 16 * 1024 * 1024;

/** Writes one frame. */
export function formatFrame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

/** Creates a function that takes bytes as they come and calls back with each complete frame. */
export function createFrameReader(onFrame: (type: number, payload: Buffer) => void): (bytes: Buffer) => void {
  let pending = Buffer.alloc(0);
  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= headerBytes) {
      const length = pending.readUInt32BE(1);
      if (length > payloadBytesMax) throw new RangeError('frame larger than 16 MiB');
      if (pending.length < headerBytes + length) return;
      const payload = pending.subarray(headerBytes, headerBytes + length);
      const type = pending.readUInt8(0);
      pending = pending.subarray(headerBytes + length);
      onFrame(type, payload);
    }
  };
}
