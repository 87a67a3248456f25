// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** The trust bundle on disk, as its newest good content. */
export interface RootsFile {
  /** PEM roots; undefined until the file holds at least one certificate. */
  current(): string | undefined;
  /** Resolves as soon as there are roots; rejects when stopped before. */
  ready(): Promise<string>;
  /** Calls back with each new content; returns the way to end that. */
  onChange(listener: (rootsPem: string) => void): () => void;
  /** Ends polling. */
  stop(): void;
}

const waitingPollMs = 100;
const steadyPollMs = 1_000;
const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM text in their usual form; undefined when there is none or one does not parse. */
export function parseRootsPem(text: string): string | undefined {
  const blocks = text.match(certificatePattern);
  if (blocks === null) return undefined;
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    return undefined;
  }
  return `${blocks.join('\n')}\n`;
}

/**
 * Follows a trust bundle file by polling (a file mounted by the kubelet changes by renaming directories, which watches
 * miss). A file that is missing, half written or not PEM keeps the last good roots.
 */
export function createRootsFile(path: string): RootsFile {
  let roots: string | undefined;
  let signature = '';
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const listeners = new Set<(rootsPem: string) => void>();
  const waiters = new Set<{ resolve: (rootsPem: string) => void; reject: (cause: Error) => void }>();

  /** False when the content is no bundle (yet). */
  function read(): boolean {
    const next = parseRootsPem(readFileSync(path, 'utf8'));
    if (next === undefined) return false;
    if (next === roots) return true;
    roots = next;
    for (const waiter of waiters) waiter.resolve(next);
    waiters.clear();
    for (const listener of listeners) listener(next);
    return true;
  }

  async function poll(): Promise<void> {
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const found = `${mtimeMs}/${ino}/${size}`;
      if (found !== signature && read()) signature = found;
    } catch {
      // Missing or unreadable: what is known stays in force.
    }
    schedule();
  }

  function schedule(): void {
    if (isStopped) return;
    timer = setTimeout(() => void poll(), roots === undefined ? waitingPollMs : steadyPollMs);
  }

  try {
    read();
  } catch {
    // Written later by the CA.
  }
  schedule();

  return {
    current: () => roots,
    ready: () =>
      roots === undefined ? new Promise((resolve, reject) => waiters.add({ resolve, reject })) : Promise.resolve(roots),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const waiter of waiters) waiter.reject(new Error(`no longer waiting for ${path}`));
      waiters.clear();
      listeners.clear();
    },
  };
}
