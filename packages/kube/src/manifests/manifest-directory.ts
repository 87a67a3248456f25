// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { objectKey, policyKinds } from '@signet/model';
import type { PlacedObject } from '../cluster-index.ts';
import { isMissing, listManifestFiles, type ManifestFile } from './list-manifest-files.ts';
import { parseManifests } from './parse-manifests.ts';

/** Larger files are refused: parsing YAML takes about two seconds for each MiB, during which nothing else happens. */
const yamlSizeBytesMax = 2 * 1024 * 1024;
const jsonSizeBytesMax = 10 * 1024 * 1024;
/** An editor that truncates before it writes shows an empty file for a moment; for this long that is not believed. */
const emptyFileGraceMs = 1000;
/** One that renames the old file away before it writes the new one makes policies vanish for a moment; same here. */
const missingFileGraceMs = 150;

const policyNames: ReadonlySet<string> = new Set(policyKinds.map(({ kind }) => kind));
const policyPattern = new RegExp(`["']?kind["']?\\s*:\\s*["']?(${[...policyNames].join('|')})\\b`);

interface CachedFile {
  readonly signature: string;
  readonly text: string | undefined;
  /** Of the last good reading. */
  readonly objects: readonly PlacedObject[];
  readonly problems: readonly string[];
  /** It never parsed and seems to hold policies: nobody knows what it wants to forbid. */
  readonly hidesPolicies: boolean;
  /** When it was first missed, by performance.now(). */
  readonly missingSince?: number;
}

/** What directories hold together. */
export interface ManifestContent {
  readonly objects: readonly PlacedObject[];
  /** `file:line:column: field: reason`. */
  readonly problems: readonly string[];
  /** A file that never parsed seems to hold policies. */
  readonly hidesPolicies: boolean;
}

/** One directory, read again and again. A file that does not parse keeps its last good objects. */
export class ManifestDirectory {
  readonly path: string;
  #files = new Map<string, CachedFile>();
  #directories: readonly string[] = [];
  #content: ManifestContent = { objects: [], problems: [], hidesPolicies: false };

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
    let isInFlux = !isComplete && this.#keepMissed(files, new Set(listing.files.map((file) => file.path)));
    for (const file of listing.files) {
      const known = this.#files.get(file.path);
      const next =
        known?.signature === file.signature && !isComplete ? known : await this.#readFile(file, known, isComplete);
      if (next === undefined) isInFlux = true;
      const kept = next ?? known;
      if (kept !== undefined) files.set(file.path, kept);
    }
    const before = this.#content;
    this.#files = new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#content = contentOf(this.#files, listing.problems);
    return { hasChanged: !isSameContent(before, this.#content), isInFlux };
  }

  /** Keeps files with policies that have only just vanished; returns whether there are any. */
  #keepMissed(files: Map<string, CachedFile>, present: ReadonlySet<string>): boolean {
    const now = performance.now();
    for (const [path, file] of this.#files) {
      if (present.has(path) || !file.objects.some(({ object }) => policyNames.has(object.kind))) continue;
      const missingSince = file.missingSince ?? now;
      if (now - missingSince < missingFileGraceMs) files.set(path, { ...file, missingSince });
    }
    return files.size > 0;
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
      hidesPolicies: known?.hidesPolicies ?? false,
    });
    const sizeBytesMax = sizeBytesMaxOf(file.path);
    if (file.sizeBytes > sizeBytesMax) return broken(`${file.sizeBytes} bytes; at most ${sizeBytesMax} are read`);
    let text: string;
    try {
      text = await readText(file.path);
    } catch (error) {
      return isMissing(error) ? undefined : broken(String(error));
    }
    if (known?.text === text) return { ...known, signature };
    const isYoung = Date.now() - file.modifiedAtMs < emptyFileGraceMs;
    if (text.trim() === '' && (known?.objects.length ?? 0) > 0 && isYoung && !isComplete) return undefined;
    const { objects, problems } = parseManifests(text, file.path);
    const before = known?.objects ?? [];
    if (problems.length === 0) {
      return { signature, text, objects: keepIdentity(objects, before), problems, hidesPolicies: false };
    }
    const hasParsed = known !== undefined && (known.objects.length > 0 || known.problems.length === 0);
    const hidesPolicies = !hasParsed && policyPattern.test(text);
    return { signature, text, objects: before, problems, hidesPolicies };
  }
}

/** Bytes of a file that are read at most. */
export function sizeBytesMaxOf(file: string): number {
  return file.endsWith('.json') ? jsonSizeBytesMax : yamlSizeBytesMax;
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min((await handle.stat()).size, sizeBytesMaxOf(file)));
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
  const hidesPolicies = [...files.values()].some((file) => file.hidesPolicies);
  return { objects: [...objects.values()], problems: all, hidesPolicies };
}

function isSameContent(a: ManifestContent, b: ManifestContent): boolean {
  return (
    a.hidesPolicies === b.hidesPolicies &&
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
