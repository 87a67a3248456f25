// SPDX-License-Identifier: Apache-2.0
import { watch, type FSWatcher } from 'node:fs';
import type { PlacedObject } from '../cluster-index.ts';
import { ManifestDirectory, referenceOf, type ManifestContent } from './manifest-directory.ts';

/** A change is read this long after the first sign of it, so that a burst is read once. */
const debounceMs = 25;
/** File system events get lost on some file systems, so the directories are looked through as well. */
const pollMs = 1000;
/** A file that is just being written is looked at again after this long. */
const fluxMs = 100;

/** Directories that are watched. */
export interface ManifestWatch {
  /** Of all directories together; an object in a later directory replaces its namesake in an earlier one. */
  content(): ManifestContent;
  /** Every directory was read at the last look. */
  isReadable(): boolean;
  /** Reads everything now, including what was written just before the call. */
  resync(): Promise<void>;
  close(): Promise<void>;
}

/** Options of watchManifestDirectories. */
export interface ManifestWatchOptions {
  readonly directories: readonly string[];
  /** Called after the first complete reading, at each change, and when readability changes. */
  readonly onChange: () => void;
}

class DirectoriesWatch implements ManifestWatch {
  readonly #directories: readonly ManifestDirectory[];
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #poll: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isReadable = false;
  #isClosed = false;
  #problems: readonly string[] = [];
  #content: ManifestContent = { objects: [], problems: [], hidesPolicies: false };

  constructor(options: ManifestWatchOptions) {
    this.#directories = options.directories.map((path) => new ManifestDirectory(path));
    this.#onChange = options.onChange;
    this.#poll = setInterval(() => void this.#look(false), pollMs);
    void this.#look(true);
  }

  content(): ManifestContent {
    return this.#content;
  }

  isReadable(): boolean {
    return this.#isReadable;
  }

  resync(): Promise<void> {
    return this.#look(true);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#soon);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await this.#running;
  }

  /** Looks follow each other, so one that is asked for now sees what was written before now. */
  #look(isComplete: boolean): Promise<void> {
    const next = this.#running.then(() => this.#lookNow(isComplete));
    this.#running = next;
    return next;
  }

  async #lookNow(isComplete: boolean): Promise<void> {
    if (this.#isClosed) return;
    const wasReadable = this.#isReadable;
    const problems: string[] = [];
    let hasChanged = false;
    for (const directory of this.#directories) {
      try {
        const read = await directory.read(isComplete || !wasReadable);
        hasChanged = read.hasChanged || hasChanged;
        if (read.isInFlux) this.#lookSoon(fluxMs);
      } catch (error) {
        problems.push(`${directory.path}:1:1: (directory): ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.#isReadable = problems.length === 0;
    hasChanged ||= wasReadable !== this.#isReadable || problems.join() !== this.#problems.join();
    this.#problems = problems;
    if (this.#isClosed) return;
    this.#watchDirectories();
    if (!hasChanged) return;
    this.#content = merge(this.#directories, problems);
    this.#onChange();
  }

  #lookSoon(afterMs: number): void {
    if (this.#isClosed) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#look(false);
    }, afterMs);
  }

  #watchDirectories(): void {
    const wanted = new Set(this.#directories.flatMap((directory) => directory.directories));
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of wanted) if (!this.#watchers.has(path)) this.#watchDirectory(path);
  }

  #watchDirectory(path: string): void {
    try {
      const watcher = watch(path, () => this.#lookSoon(debounceMs));
      // The poll goes on without it and tries again.
      const forget = (): void => {
        watcher.close();
        this.#watchers.delete(path);
      };
      watcher.on('error', forget);
      this.#watchers.set(path, watcher);
    } catch {
      // No watch to be had, for example too many of them: the poll sees changes within a second.
    }
  }
}

function merge(directories: readonly ManifestDirectory[], problems: readonly string[]): ManifestContent {
  const objects = new Map<string, PlacedObject>();
  for (const { content } of directories) for (const one of content.objects) objects.set(referenceOf(one), one);
  return {
    objects: [...objects.values()],
    problems: [...problems, ...directories.flatMap(({ content }) => content.problems)],
    hidesPolicies: directories.some(({ content }) => content.hidesPolicies),
  };
}

/** Reads directories of manifests and goes on reading what changes, within 50 ms where the file system tells, else 1 s. */
export function watchManifestDirectories(options: ManifestWatchOptions): ManifestWatch {
  return new DirectoriesWatch(options);
}
