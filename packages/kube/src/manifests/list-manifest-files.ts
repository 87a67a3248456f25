// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** A file that may hold manifests, with what changes when it does. */
export interface ManifestFile {
  /** As it is shown to people. */
  readonly path: string;
  /** Changes with the content, as far as the file system tells. */
  readonly signature: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** A look at a directory. */
export interface DirectoryListing {
  /** Sorted by path. */
  readonly files: readonly ManifestFile[];
  /** Every directory seen, to be watched. */
  readonly directories: readonly string[];
  /** `file:line:column: field: reason`, for entries that are left out. */
  readonly problems: readonly string[];
}

const extensions = /\.(ya?ml|json)$/;

async function inspect(file: string): Promise<ManifestFile | undefined> {
  const { ino, size, mtimeMs, ctimeMs, mode } = await stat(file);
  if ((mode & 0o170000) !== 0o100000) return undefined;
  return { path: file, signature: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, sizeBytes: size, modifiedAtMs: mtimeMs };
}

class Listing {
  readonly files: ManifestFile[] = [];
  readonly directories: string[] = [];
  readonly problems: string[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async addDirectory(directory: string): Promise<void> {
    this.directories.push(directory);
    const entries = await readdir(directory, { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const full = path.join(directory, entry.name);
      try {
        if (entry.isDirectory()) await this.addDirectory(full);
        else if (extensions.test(entry.name)) await this.#addFile(full, entry.isSymbolicLink());
      } catch (error) {
        // Gone between the listing and the look at it: the next look will not see it.
        if (!isMissing(error)) throw error;
      }
    }
  }

  /** Links are followed inside the directory only (a mounted ConfigMap consists of them). */
  async #addFile(file: string, isLink: boolean): Promise<void> {
    if (isLink) {
      const target = await realpath(file);
      if (target !== this.#root && !target.startsWith(`${this.#root}${path.sep}`)) {
        this.problems.push(`${file}:1:1: (file): is a link to ${target}, outside the directory; it is not read`);
        return;
      }
    }
    const found = await inspect(file);
    if (found !== undefined) this.files.push(found);
  }
}

/** The file is gone, or is a link that leads nowhere. */
export function isMissing(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ELOOP';
}

/** Lists the manifests under a directory, without those whose name starts with a dot. Throws when it is not there. */
export async function listManifestFiles(directory: string): Promise<DirectoryListing> {
  const root = await realpath(directory);
  if (!(await lstat(root)).isDirectory()) throw new Error(`${directory} is not a directory`);
  const listing = new Listing(root);
  await listing.addDirectory(directory);
  listing.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return listing;
}
