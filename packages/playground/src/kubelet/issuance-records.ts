// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { StatePaths } from '../state-paths.ts';

/** Name of the file in a pod's directory to which its agent appends every certificate that it received. */
export const issuanceRecordName = 'issuances.jsonl';

/** Removes a pod's directory; what its agent recorded is kept, as the only witness of what the CA handed out. */
export function removePodDirectory(paths: StatePaths, uid: string): void {
  const directory = path.join(paths.pods, uid);
  const record = path.join(directory, issuanceRecordName);
  if (existsSync(record)) {
    mkdirSync(paths.issuances, { recursive: true });
    appendFileSync(path.join(paths.issuances, `${uid}.jsonl`), readFileSync(record));
  }
  rmSync(directory, { recursive: true, force: true });
}

/** Removes the directories of all pods of an earlier run. */
export function removePodDirectories(paths: StatePaths): void {
  if (existsSync(paths.pods)) for (const uid of readdirSync(paths.pods)) removePodDirectory(paths, uid);
  mkdirSync(paths.pods, { recursive: true });
}
