// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { createFrameReader, encodeFrame } from './exec-frames.ts';

describe('createFrameReader', () => {
  test('reads a line and frames however the stream is cut', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":1}\n'),
      encodeFrame(1, 'hello'),
      encodeFrame(3),
      encodeFrame(2, Buffer.from([0, 10])),
    ]);
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines: string[] = [];
      const frames: [number, string][] = [];
      const read = createFrameReader({
        line: (line) => lines.push(line),
        frame: (type, payload) => frames.push([type, payload.toString('hex')]),
      });
      for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
      expect(lines).toEqual(['{"a":1}']);
      expect(frames).toEqual([
        [1, Buffer.from('hello').toString('hex')],
        [3, ''],
        [2, '000a'],
      ]);
    }
  });

  test('refuses a frame and a line that are too long', () => {
    const read = createFrameReader({ frame: () => undefined });
    expect(() => read(Buffer.from([1, 0xff, 0, 0, 0]))).toThrow('1 MiB');
    const readLine = createFrameReader({ line: () => undefined, frame: () => undefined });
    expect(() => readLine(Buffer.alloc(70_000, 'a'))).toThrow('64 KiB');
  });
});
