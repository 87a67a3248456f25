// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** What is installed from where: versions, sources, digests. */
export const manifest = JSON.parse(readFileSync(path.join(repositoryDir, 'scripts/parts/manifest.json'), 'utf8'));

/** Everything that is fetched or built lies below this directory, outside the tree. */
export function cacheDirectory() {
  const base = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return process.env.SIGNET_CACHE || path.join(base, 'signet');
}

export function toolsDirectory() {
  return path.join(cacheDirectory(), 'tools');
}

/** A lock name that belongs to this clone alone. */
export function cloneLockName(purpose) {
  return `${purpose}-${createHash('sha256').update(repositoryDir).digest('hex').slice(0, 12)}`;
}
