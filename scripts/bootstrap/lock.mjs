// SPDX-License-Identifier: Apache-2.0
// Mutual exclusion between commands that install into the same cache. A lock is a file that names its owner; a lock whose
// owner is gone is taken over.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory } from './cache.mjs';
import { say } from './progress.mjs';

/** Start time of a process in clock ticks, so that a reused pid is not taken for the owner. */
function startTicks(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function readOwner(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(owner) {
  const [pid, ticks] = owner.split(' ');
  return startTicks(pid) === ticks;
}

/** Creates the lock file with its content in one step; false when it exists. */
function tryTake(file, owner) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, owner);
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(own);
  }
}

/** Removes a lock whose owner is gone. Moves it aside first: between look and removal somebody else may have taken it over. */
function breakStale(file, seen) {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  try {
    if (readOwner(aside) !== seen) linkSync(aside, file);
  } catch {
    // A third process holds it by now; the second finds that out when it releases, which harms nothing here.
  }
  rmSync(aside, { force: true });
}

/** Runs `work` while holding the named lock; waits for whoever holds it and says so. */
export async function withLock(name, work) {
  const directory = path.join(cacheDirectory(), 'locks');
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${name}.lock`);
  const owner = `${process.pid} ${startTicks(process.pid)}`;
  let told = false;
  while (!tryTake(file, owner)) {
    const current = readOwner(file);
    if (current !== undefined && !isAlive(current)) {
      breakStale(file, current);
      continue;
    }
    if (!told) say(`waiting for process ${String(current).split(' ')[0]}, which is at the same work (${name})`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await work();
  } finally {
    if (readOwner(file) === owner) rmSync(file, { force: true });
  }
}
