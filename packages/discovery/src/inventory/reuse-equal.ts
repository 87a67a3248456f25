// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';

/** The new map with the old values where they are equal, and the old map itself when all are: watchers compare by identity. */
export function reuseEqual<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  let isSame = before.size === now.size;
  const merged = new Map<string, T>();
  for (const [key, value] of now) {
    const known = before.get(key);
    const isKept = known !== undefined && (known === value || isDeepStrictEqual(known, value));
    merged.set(key, isKept ? known : value);
    isSame &&= isKept;
  }
  return isSame ? before : merged;
}
