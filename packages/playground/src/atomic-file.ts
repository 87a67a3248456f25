// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

let counter = 0;

/** Writes a file so that a reader sees the old or the new content, never a part. */
export function writeFileAtomically(file: string, content: string | Buffer, mode = 0o644): void {
  const directory = path.dirname(file);
  mkdirSync(directory, { recursive: true });
  counter += 1;
  const temporary = path.join(directory, `.${path.basename(file)}.${process.pid}.${counter}`);
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, file);
}
