// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../atomic-file.ts';
import { kubeKey, type KubeObject } from './kubernetes-objects.ts';

/** The generated objects: in memory and, one JSON file each, on disk. */
export interface ObjectStore {
  get(key: string): KubeObject | undefined;
  list(kind: string): KubeObject[];
  /** Writes the object unless it is unchanged. */
  put(object: KubeObject): void;
  delete(key: string): void;
}

/** Opens the store; objects of an earlier run keep their UIDs. */
export function openObjectStore(directory: string): ObjectStore {
  mkdirSync(directory, { recursive: true });
  const objects = new Map<string, KubeObject>();
  let version = 0;
  for (const name of readdirSync(directory)) {
    if (name.startsWith('.') || !name.endsWith('.json')) continue;
    const object = JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as KubeObject;
    objects.set(kubeKey(object), object);
    version = Math.max(version, Number(object.metadata.resourceVersion ?? 0));
  }
  return {
    get: (key) => objects.get(key),
    list: (kind) => [...objects.values()].filter((object) => object.kind === kind),
    put(object) {
      const key = kubeKey(object);
      const known = objects.get(key);
      const resourceVersion = known?.metadata.resourceVersion;
      const same = { ...object, metadata: { ...object.metadata, resourceVersion } };
      if (known !== undefined && isDeepStrictEqual(known, JSON.parse(JSON.stringify(same)))) return;
      version += 1;
      const next = JSON.parse(
        JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }),
      ) as KubeObject;
      objects.set(key, next);
      writeFileAtomically(path.join(directory, `${key}.json`), `${JSON.stringify(next, undefined, 1)}\n`);
    },
    delete(key) {
      if (objects.delete(key)) rmSync(path.join(directory, `${key}.json`), { force: true });
    },
  };
}
