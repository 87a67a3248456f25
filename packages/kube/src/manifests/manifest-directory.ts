// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { objectKey } from '@signet/model';
import type { PlacedObject } from '../cluster-index.ts';
import { isMissing, listManifestFiles, type ManifestFile } from './list-manifest-files.ts';
import { parseManifests } from './parse-manifests.ts';

/** Larger files are refused: parsing one would stop the process for seconds. */
export const manifestSizeBytesMax = 10 * 1024 * 1024;
/** An editor that truncates before it writes shows an empty file for a moment; for this long that is not believed. */
const emptyFileGraceMs = 1000;

interface CachedFile {
  readonly signature: string;
  readonly text: string | undefined;
  /** Of the last good reading. */
  readonly objects: readonly PlacedObject[];
  readonly problems: readonly string[];
}

/** What directories hold together. */
export interface ManifestContent {
  readonly objects: readonly PlacedObject[];
  /** `file:line:column: field: reason`. */
  readonly problems: readonly string[];
}

/** One directory, read again and again. A file that does not parse keeps its last good objects. */
export class ManifestDirectory {
  readonly path: string;
  #files = new Map<string, CachedFile>();
  #directories: readonly string[] = [];
  #content: ManifestContent = { objects: [], problems: [] };

  constructor(path: string) {
    this.path = path;
  }

  /** Every directory under this one, for watching. */
  get directories(): readonly string[] {
    return this.#directories;
  }

  get content(): ManifestContent {
    return this.#content;
  }

  /**
   * Reads what has changed since the last reading, or everything when `isComplete`; returns whether the content is another
   * one and whether a file is just being written. Throws when the directory cannot be read.
   */
  async read(isComplete: boolean): Promise<{ readonly hasChanged: boolean; readonly isInFlux: boolean }> {
    const listing = await listManifestFiles(this.path);
    this.#directories = listing.directories;
    const files = new Map<string, CachedFile>();
    let isInFlux = false;
    for (const file of listing.files) {
      const known = this.#files.get(file.path);
      const next =
        known?.signature === file.signature && !isComplete ? known : await this.#readFile(file, known, isComplete);
      if (next === undefined) isInFlux = true;
      const kept = next ?? known;
      if (kept !== undefined) files.set(file.path, kept);
    }
    const before = this.#content;
    this.#files = files;
    this.#content = contentOf(files, listing.problems);
    return { hasChanged: !isSameContent(before, this.#content), isInFlux };
  }

  /** Undefined for a file that is not there any more or that is just being written. */
  async #readFile(
    file: ManifestFile,
    known: CachedFile | undefined,
    isComplete: boolean,
  ): Promise<CachedFile | undefined> {
    const { signature } = file;
    const broken = (problem: string): CachedFile => ({
      signature,
      text: undefined,
      objects: known?.objects ?? [],
      problems: [`${file.path}:1:1: (file): ${problem}`],
    });
    if (file.sizeBytes > manifestSizeBytesMax)
      return broken(`${file.sizeBytes} bytes; at most ${manifestSizeBytesMax} are read`);
    let text: string;
    try {
      text = await readText(file.path);
    } catch (error) {
      return isMissing(error) ? undefined : broken(String(error));
    }
    if (known?.text === text) return { ...known, signature };
    const isYoung = Date.now() - file.modifiedAtMs < emptyFileGraceMs;
    if (text.trim() === '' && (known?.objects.length ?? 0) > 0 && isYoung && !isComplete) return undefined;
    const parsed = parseManifests(text, file.path);
    const objects =
      parsed.problems.length > 0 ? (known?.objects ?? []) : keepIdentity(parsed.objects, known?.objects ?? []);
    return { signature, text, objects, problems: parsed.problems };
  }
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min((await handle.stat()).size, manifestSizeBytesMax));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Objects whose text and place are as before stay the same values, so what depends on them is not computed again. */
function keepIdentity(objects: readonly PlacedObject[], known: readonly PlacedObject[]): readonly PlacedObject[] {
  const byOrigin = new Map(known.map((one) => [`${one.origin} ${referenceOf(one)}`, one]));
  return objects.map((one) => {
    const before = byOrigin.get(`${one.origin} ${referenceOf(one)}`);
    return before !== undefined && JSON.stringify(before.object.body) === JSON.stringify(one.object.body)
      ? before
      : one;
  });
}

/** `Kind namespace/name`. */
export function referenceOf({ object }: PlacedObject): string {
  const { namespace, name } = object.metadata;
  return `${object.kind} ${namespace === '' ? name : objectKey(namespace, name)}`;
}

/** Of two objects with one name in one directory the first by path counts, and the other is reported. */
function contentOf(files: ReadonlyMap<string, CachedFile>, problems: readonly string[]): ManifestContent {
  const objects = new Map<string, PlacedObject>();
  const all = [...problems];
  for (const { objects: found, problems: wrong } of files.values()) {
    all.push(...wrong);
    for (const one of found) {
      const reference = referenceOf(one);
      const first = objects.get(reference);
      if (first === undefined) objects.set(reference, one);
      else all.push(`${one.origin}:1: metadata.name: ${reference} is in ${first.origin} as well; that one counts`);
    }
  }
  return { objects: [...objects.values()], problems: all };
}

function isSameContent(a: ManifestContent, b: ManifestContent): boolean {
  return (
    a.objects.length === b.objects.length &&
    a.problems.length === b.problems.length &&
    a.objects.every((one, n) => one === b.objects[n]) &&
    a.problems.every((one, n) => one === b.problems[n])
  );
}

/** Reads a directory of manifests once. Throws when it cannot be read. */
export async function readManifestDirectory(path: string): Promise<ManifestContent> {
  const directory = new ManifestDirectory(path);
  await directory.read(true);
  return directory.content;
}
