// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes the roots in one step, so that nobody reads half a bundle; leaves a file with the same content alone. */
export async function writeTrustBundle(file: string, rootsPem: readonly string[]): Promise<void> {
  const text = rootsPem.join('');
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present === text) return;
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, text, { mode: 0o644, flag: 'wx' });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
