// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryDir, toolsDirectory } from '../bootstrap/cache.mjs';

/** Directory name of the Go client: made of everything that goes into it, so that a change of a proto makes a new one. */
export function clientToolId(): string {
  const hash = createHash('sha256');
  const files = globSync(['scripts/go/client/*.{go,mod,sum,yaml}', 'protos/**/*.proto'], { cwd: repositoryDir });
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(path.join(repositoryDir, file)));
  return `client-${hash.digest('hex').slice(0, 12)}`;
}

/** The Go client's program, once it is built. */
export function clientProgram(): string {
  return path.join(toolsDirectory(), clientToolId(), 'client');
}
