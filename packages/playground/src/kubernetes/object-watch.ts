// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '@signet/kube';
import type { KubeObject } from '../controller/kubernetes-objects.ts';

const firstBackoffMs = 200;
const maxBackoffMs = 5000;
const watchSeconds = 240;

/** All objects of one kind, kept current. */
export interface ObjectWatch {
  list(): readonly KubeObject[];
  stop(): void;
}

/** What is watched. */
export interface ObjectWatchOptions {
  readonly client: KubeClient;
  /** Path of the list, for example /api/v1/pods. */
  readonly path: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly fieldSelector?: string;
  readonly onChange: () => void;
}

interface ListBody {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly KubeObject[];
}

interface WatchEvent {
  readonly type: string;
  readonly object: KubeObject;
}

/** Lists and watches, and starts again with a list after any end of the stream; resolves after the first list. */
export async function startObjectWatch(options: ObjectWatchOptions): Promise<ObjectWatch> {
  const objects = new Map<string, KubeObject>();
  const abort = new AbortController();
  const { promise: listed, resolve } = Promise.withResolvers<void>();
  void follow({ ...options, objects, signal: abort.signal, onListed: resolve });
  await listed;
  return { list: () => [...objects.values()], stop: () => abort.abort() };
}

async function follow(
  options: ObjectWatchOptions & {
    readonly objects: Map<string, KubeObject>;
    readonly signal: AbortSignal;
    readonly onListed: () => void;
  },
): Promise<void> {
  const { objects, signal, onChange } = options;
  let backoffMs = firstBackoffMs;
  while (!signal.aborted) {
    try {
      let version = await list(options);
      options.onListed();
      onChange();
      backoffMs = firstBackoffMs;
      const query = {
        ...selector(options),
        watch: true,
        resourceVersion: version,
        allowWatchBookmarks: true,
        timeoutSeconds: watchSeconds,
      };
      for await (const item of options.client.stream(options.path, { query, signal })) {
        const event = item as WatchEvent;
        if (event.type === 'ERROR') break;
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type === 'BOOKMARK') continue;
        const uid = event.object.metadata.uid ?? '';
        if (event.type === 'DELETED') objects.delete(uid);
        else objects.set(uid, withKind(event.object, options));
        onChange();
      }
    } catch {
      // The API is away, or the watch broke off: the list that follows tells what was missed.
    }
    await delay(backoffMs, undefined, { signal }).catch(() => undefined);
    backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
  }
}

function selector(options: ObjectWatchOptions): Record<string, string> {
  return options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector };
}

async function list(options: ObjectWatchOptions & { readonly objects: Map<string, KubeObject> }): Promise<string> {
  const answer = await options.client.get(options.path, { query: selector(options) });
  if (answer.status !== 200) throw new Error(`${options.path} answered ${answer.status}`);
  const body = answer.body as ListBody;
  options.objects.clear();
  for (const object of body.items) options.objects.set(object.metadata.uid ?? '', withKind(object, options));
  return body.metadata.resourceVersion;
}

/** Items of a list carry no kind. */
function withKind(object: KubeObject, { kind, apiVersion }: ObjectWatchOptions): KubeObject {
  return { ...object, kind, apiVersion };
}
