// SPDX-License-Identifier: Apache-2.0
import { statSync, watch, type FSWatcher } from 'node:fs';
import { kubeKey, type KubeObject } from './kubernetes-objects.ts';
import { listManifestFiles, readManifestFile, type FileContent } from './read-manifests.ts';

/** What a directory holds now. */
export interface Manifests {
  /** By kubeKey; of two with the same key the last file's counts. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  readonly problems: readonly string[];
}

/** A directory of manifests that remembers the last good content of a file that does not parse any more. */
export interface ManifestDirectory {
  read(): Manifests;
  /** Calls back when something in the directory may have changed. */
  watch(onChange: () => void): void;
  close(): void;
}

interface CachedFile {
  readonly signature: string;
  readonly content: FileContent;
}

// File system events are lost on some file systems, so the directory is looked through as well.
const pollMs = 1000;

/** Opens a directory of manifests. */
export function openManifestDirectory(directory: string): ManifestDirectory {
  const cache = new Map<string, CachedFile>();
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;

  const refresh = (): boolean => {
    let hasChanged = false;
    const files = listManifestFiles(directory);
    for (const file of cache.keys()) {
      if (!files.includes(file)) hasChanged = cache.delete(file) || hasChanged;
    }
    for (const file of files) hasChanged = refreshFile(file, cache) || hasChanged;
    return hasChanged;
  };

  return {
    read() {
      refresh();
      const objects = new Map<string, KubeObject>();
      for (const { content } of cache.values()) {
        for (const object of content.objects) objects.set(kubeKey(object), object);
      }
      return { objects, problems: [...cache.values()].flatMap(({ content }) => content.problems) };
    },
    watch(onChange) {
      watcher = watch(directory, { recursive: true }, onChange);
      watcher.on('error', () => undefined);
      timer = setInterval(() => {
        if (refresh()) onChange();
      }, pollMs);
    },
    close() {
      watcher?.close();
      clearInterval(timer);
    },
  };
}

function refreshFile(file: string, cache: Map<string, CachedFile>): boolean {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    const signature = `${mtimeMs} ${size} ${ino}`;
    const known = cache.get(file);
    if (known?.signature === signature) return false;
    const content = readManifestFile(file);
    const objects = content.isBroken ? (known?.content.objects ?? []) : content.objects;
    cache.set(file, { signature, content: { ...content, objects } });
    return true;
  } catch {
    // It vanished between listing and reading; the next look sees that.
    return false;
  }
}
