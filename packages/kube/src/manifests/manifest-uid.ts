// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ObjectReference } from '../kube-object.ts';

/** UID of an object whose manifest has none: the same for the same kind, namespace and name, in the form of a UUID. */
export function manifestUid({ kind, namespace, name }: ObjectReference): string {
  const hex = createHash('sha256').update(`${kind}/${namespace}/${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
