// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

const keySizeBytes = 32;

function decode(text: string): Buffer | undefined {
  const trimmed = text.trim();
  const key = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64');
  return key.length === keySizeBytes ? key : undefined;
}

/** Writes a fresh key unless a file is there already; the link keeps two replicas from making two. */
async function createIfAbsent(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(keySizeBytes).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } catch (error) {
    // Another replica was faster, and its key counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Reads the master key, making it first if there is none. Throws when the file holds something else, or when others than
 * its owner may read it. Losing the file means losing the CA's keys.
 */
export async function loadMasterKey(file: string): Promise<Buffer> {
  const exists = await stat(file).then(
    () => true,
    () => false,
  );
  if (!exists) await createIfAbsent(file);
  const { mode } = await stat(file);
  // A Secret mounted by the kubelet is readable by its group; nobody else has a reason to read it.
  if ((mode & 0o007) !== 0) throw new Error(`ca.keyFile: ${file} is accessible to everybody; use mode 0600`);
  const key = decode(await readFile(file, 'utf8'));
  if (key === undefined)
    throw new Error(`ca.keyFile: ${file} does not hold ${keySizeBytes} bytes as hexadecimal or base64`);
  return key;
}
