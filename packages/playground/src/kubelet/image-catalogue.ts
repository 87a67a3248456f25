// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ContainerSpec } from '../controller/kubernetes-objects.ts';

/** What is run for a container. */
export interface Program {
  readonly command: readonly string[];
  /** `<image>@sha256:<digest of what is run>`. */
  readonly imageId: string;
}

const sampleDirectory = path.resolve(import.meta.dirname, '../sample');
const sampleImage = 'signet-sample';
const digests = new Map<string, string>();

/** Image without registry and tag: `registry.example/signet-sample:1` → `signet-sample`. */
function imageName(image: string): string {
  return (
    (image.split('@')[0] ?? '')
      .replace(/:[^/]*$/, '')
      .split('/')
      .at(-1) ?? ''
  );
}

/**
 * Finds the program of a container: the catalogue's for a known image, else `command`, which must exist on this
 * machine. Throws what is wrong in words for people.
 */
export function findProgram(container: ContainerSpec, searchPath: string): Program {
  const args = container.args ?? [];
  const isSample = imageName(container.image) === sampleImage;
  if (container.command === undefined || container.command.length === 0) {
    if (!isSample) {
      throw new Error(
        `image «${container.image}» of container ${container.name} is not in the catalogue (${sampleImage}); give a command that exists on this machine`,
      );
    }
    return {
      command: [process.execPath, path.join(sampleDirectory, 'main.ts'), ...args],
      imageId: `${sampleImage}@sha256:${sampleDigest()}`,
    };
  }
  const [name = '', ...rest] = container.command;
  const file = resolveExecutable(name, searchPath);
  if (file === undefined)
    throw new Error(`command «${name}» of container ${container.name} does not exist on this machine`);
  return {
    command: [file, ...rest, ...args],
    imageId: `${imageName(container.image) || path.basename(file)}@sha256:${fileDigest(file)}`,
  };
}

/** Command line of one-shot calls, to be run inside a pod. */
export function sampleCallCommand(args: readonly string[]): string[] {
  return [process.execPath, path.join(sampleDirectory, 'main.ts'), 'call', ...args];
}

function resolveExecutable(name: string, searchPath: string): string | undefined {
  const candidates = name.includes('/') ? [name] : searchPath.split(':').map((directory) => path.join(directory, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

function sampleDigest(): string {
  return remember(sampleDirectory, () => {
    const hash = createHash('sha256');
    for (const name of readdirSync(sampleDirectory)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .toSorted()) {
      hash.update(`${name}\0`).update(readFileSync(path.join(sampleDirectory, name)));
    }
    return hash.digest('hex');
  });
}

function fileDigest(file: string): string {
  const { mtimeMs, size } = statSync(file);
  return remember(`${file} ${mtimeMs} ${size}`, () => createHash('sha256').update(readFileSync(file)).digest('hex'));
}

function remember(key: string, compute: () => string): string {
  const digest = digests.get(key) ?? compute();
  digests.set(key, digest);
  return digest;
}
