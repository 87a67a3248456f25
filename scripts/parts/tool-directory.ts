// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { toolsDirectory } from '../bootstrap/cache.mjs';
import { withLock } from '../bootstrap/lock.mjs';
import { step } from '../bootstrap/progress.mjs';

/** One directory of the cache and how it comes about. */
export interface Tool {
  /** `<name>-<version>`, also the directory's name. */
  readonly id: string;
  /** What the user reads while it is made. */
  readonly title: string;
  /** A file in it that proves that it is complete. */
  readonly proof: string;
  /** Whether what is there may stay; asked only when `proof` exists. */
  readonly isUsable?: (directory: string) => Promise<boolean>;
  /** Fills an empty directory, which then takes its place in one step. */
  readonly build: (directory: string) => Promise<void>;
}

/** Makes sure that the tool is in the cache; two commands that want it at once do the work once. Returns its directory. */
export async function ensureTool(tool: Tool): Promise<string> {
  const directory = path.join(toolsDirectory(), tool.id);
  const isThere = async (): Promise<boolean> =>
    existsSync(path.join(directory, tool.proof)) && (tool.isUsable === undefined || (await tool.isUsable(directory)));
  if (await isThere()) return directory;
  mkdirSync(toolsDirectory(), { recursive: true });
  await withLock(tool.id, async () => {
    if (await isThere()) return;
    // What an interrupted command left; nobody else is at it while the lock is held.
    for (const name of readdirSync(toolsDirectory()).filter((entry) => entry.startsWith(`${tool.id}.new-`))) {
      rmSync(path.join(toolsDirectory(), name), { recursive: true, force: true });
    }
    const fresh = `${directory}.new-${process.pid}`;
    mkdirSync(fresh, { recursive: true });
    try {
      await step(tool.title, () => tool.build(fresh));
      rmSync(directory, { recursive: true, force: true });
      renameSync(fresh, directory);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  });
  return directory;
}
