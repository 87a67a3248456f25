// SPDX-License-Identifier: Apache-2.0
import { fieldsOf, listOf, parseKubeObject, textOf, type KubeObject } from '../kube-object.ts';
import type { WatchedKind } from '../kinds.ts';
import { expectOk, type KubeClient } from './kube-client.ts';

const pageSize = 500;
const pageTimeoutMs = 30_000;

/** A complete list of a kind. */
export interface KindList {
  readonly objects: readonly KubeObject[];
  /** Where a watch continues. */
  readonly resourceVersion: string;
}

/** `/api/v1/pods`, `/apis/apps/v1/deployments`. */
export function collectionPath(kind: WatchedKind, version: string): string {
  return kind.group === '' ? `/api/${version}/${kind.plural}` : `/apis/${kind.group}/${version}/${kind.plural}`;
}

/** Preferred version of a group; undefined when the server does not have the group. */
export async function findVersion(
  client: KubeClient,
  kind: WatchedKind,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (kind.version !== undefined) return kind.version;
  const path = `/apis/${kind.group}`;
  const response = await client.get(path, { signal });
  if (response.status === 404) return undefined;
  const { preferredVersion } = fieldsOf(expectOk(path, response));
  return textOf(fieldsOf(preferredVersion)['version']) || undefined;
}

/** Drops what is large and never read, so that memory holds what counts. */
function withoutManagedFields(item: unknown): unknown {
  const body = fieldsOf(item);
  const { managedFields: _, ...metadata } = fieldsOf(body['metadata']);
  return { ...body, metadata };
}

/** Reads an item of a list or of a watch; undefined when it has no usable header. */
export function readItem(item: unknown, kind: WatchedKind, version: string): KubeObject | undefined {
  const apiVersion = kind.group === '' ? version : `${kind.group}/${version}`;
  const parsed = parseKubeObject(withoutManagedFields(item), { apiVersion, kind: kind.kind });
  return parsed.ok ? parsed.value : undefined;
}

/**
 * Lists a kind in pages. Undefined when the server does not know it. When a continue token has expired (410), the list
 * begins anew, once, without pages.
 */
export async function listKind(
  client: KubeClient,
  at: { readonly kind: WatchedKind; readonly version: string },
  signal: AbortSignal,
): Promise<KindList | undefined> {
  const path = collectionPath(at.kind, at.version);
  let objects: KubeObject[] = [];
  let next = '';
  let limit: number | undefined = pageSize;
  for (;;) {
    const query = { limit, continue: next === '' ? undefined : next };
    const response = await client.get(path, { query, signal, timeoutMs: pageTimeoutMs });
    if (response.status === 404) return undefined;
    if (response.status === 410 && limit !== undefined) {
      objects = [];
      next = '';
      limit = undefined;
      continue;
    }
    const { items, metadata } = fieldsOf(expectOk(path, response));
    objects.push(...listOf(items).flatMap((item) => readItem(item, at.kind, at.version) ?? []));
    next = textOf(fieldsOf(metadata)['continue']);
    if (next === '') return { objects, resourceVersion: textOf(fieldsOf(metadata)['resourceVersion']) };
  }
}
