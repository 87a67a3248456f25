// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@signet/testing';
import type { WatchedKind } from '../kinds.ts';
import type { KubeObject } from '../kube-object.ts';
import { KindWatcher, type WatchTiming } from './kind-watcher.ts';
import { kubernetesDown, type KubeClient, type KubeResponse, type RequestControl } from './kube-client.ts';

const pods: WatchedKind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', isOptional: false };
const custom: WatchedKind = {
  group: 'signet.dev',
  version: undefined,
  kind: 'TransportPolicy',
  plural: 'transportpolicies',
  isOptional: true,
};
const timing: WatchTiming = {
  silenceMs: 150,
  watchSeconds: 300,
  backoffMinMs: 20,
  backoffMaxMs: 80,
  healthyMs: 1000,
  absentRetryMs: 20,
  absentGraceMs: 200,
  relistMs: 60_000,
};

function item(name: string, resourceVersion: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: name, resourceVersion: String(resourceVersion) },
  };
}

type Answer = (path: string, control: RequestControl) => KubeResponse | Promise<KubeResponse>;

/** Faults that a real apiserver cannot be made to show at will; the ordinary path is tested against a real one. */
class FaultyServer implements KubeClient {
  readonly lists: (string | undefined)[] = [];
  readonly watches: string[] = [];
  answer: Answer = () => ({ status: 200, body: { metadata: { resourceVersion: '5' }, items: [item('a', 5)] } });
  /** Scripts of watches, the last one repeated: events, then `end`, `hang` or `break`. */
  scripts: (readonly (object | 'end' | 'hang' | 'break')[])[] = [['hang']];

  async get(path: string, control: RequestControl = {}): Promise<KubeResponse> {
    this.lists.push(control.query?.['continue']?.toString());
    return this.answer(path, control);
  }

  post(): Promise<KubeResponse> {
    throw new Error('not here');
  }

  async *stream(_: string, { query, signal, onOpen }: RequestControl): AsyncGenerator<unknown, void, undefined> {
    const script = this.scripts[Math.min(this.watches.length, this.scripts.length - 1)] ?? [];
    this.watches.push(String(query?.['resourceVersion']));
    onOpen?.();
    for (const step of script) {
      if (step === 'end') return;
      if (step === 'break') throw kubernetesDown('reset');
      if (step !== 'hang') yield step;
      else
        await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    }
  }

  close(): void {}
}

let watcher: KindWatcher | undefined;
afterEach(async () => watcher?.stop());

function watch(server: FaultyServer, kind = pods) {
  const state = new Map<string, string>();
  const ends: string[] = [];
  let lists = 0;
  const keep = (object: KubeObject): unknown => state.set(object.metadata.name, object.metadata.resourceVersion);
  watcher = new KindWatcher({
    client: server,
    kind,
    timing,
    sink: {
      replace(objects) {
        lists += 1;
        state.clear();
        objects.forEach(keep);
      },
      upsert: keep,
      remove: (object) => state.delete(object.metadata.name),
      bookmark: () => undefined,
      ended: (_, reason) => ends.push(reason),
    },
  });
  watcher.start();
  return { watcher, state, ends, lists: () => lists };
}

function event(type: string, object: object): object {
  return { type, object };
}

describe('KindWatcher', () => {
  test('goes on from the last version when the server ends the watch', async () => {
    const server = new FaultyServer();
    server.scripts = [
      [event('MODIFIED', item('a', 6)), event('BOOKMARK', { metadata: { resourceVersion: '9' } }), 'end'],
      ['hang'],
    ];
    const { state, lists } = watch(server);
    await waitFor(() => server.watches.length === 2);
    expect(server.watches).toEqual(['5', '9']);
    expect([...state]).toEqual([['a', '6']]);
    expect(lists()).toBe(1);
  });

  test('goes on when the network breaks', async () => {
    const server = new FaultyServer();
    server.scripts = [[event('ADDED', item('b', 7)), 'break'], ['break'], ['hang']];
    const { state } = watch(server);
    await waitFor(() => server.watches.length === 3);
    expect(server.watches).toEqual(['5', '7', '7']);
    expect([...state.keys()]).toEqual(['a', 'b']);
  });

  test('lists anew after 410, and notices what was deleted meanwhile', async () => {
    const server = new FaultyServer();
    server.scripts = [[event('ADDED', item('b', 7)), event('ERROR', { code: 410 })], ['hang']];
    const { state, lists } = watch(server);
    await waitFor(() => lists() === 2);
    expect([...state.keys()]).toEqual(['a']);
    await waitFor(() => server.watches.length === 2);
    expect(server.watches).toEqual(['5', '5']);
  });

  test('takes silence for an end', async () => {
    const server = new FaultyServer();
    const { ends } = watch(server);
    await waitFor(() => server.watches.length >= 2);
    expect(ends[0]).toBe('silent for 150 ms');
  });

  test('does not storm a server that ends every watch at once', async () => {
    const server = new FaultyServer();
    server.scripts = [['end']];
    watch(server);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(server.watches.length).toBeLessThan(20);
    expect(server.watches.length).toBeGreaterThan(3);
  });

  test('lists in pages, and anew without pages when a page has expired', async () => {
    const server = new FaultyServer();
    server.answer = (_, { query }) => {
      if (query?.['continue'] === 'two') return { status: 410, body: {} };
      if (query?.['limit'] === undefined)
        return { status: 200, body: { metadata: { resourceVersion: '8' }, items: [item('a', 1), item('b', 2)] } };
      return { status: 200, body: { metadata: { resourceVersion: '5', continue: 'two' }, items: [item('old', 1)] } };
    };
    const { state } = watch(server);
    await waitFor(() => state.size > 0);
    expect(server.lists).toEqual([undefined, 'two', undefined]);
    expect([...state.keys()]).toEqual(['a', 'b']);
  });

  test('is stale for as long as the server cannot be reached, and no longer', async () => {
    const server = new FaultyServer();
    const { watcher: one } = watch(server);
    await waitFor(() => one.isSynced && one.staleMs() === 0);
    server.answer = () => {
      throw kubernetesDown('refused');
    };
    server.scripts = [[event('ERROR', { code: 410 })]];
    await waitFor(() => one.staleMs() > 100);
    const good = new FaultyServer();
    server.answer = good.answer;
    server.scripts = [['hang']];
    await waitFor(() => one.staleMs() === 0);
    expect(one.isSynced).toBe(true);
  });

  test('relist waits for a list that began after the call', async () => {
    const server = new FaultyServer();
    const { watcher: one, state } = watch(server);
    await waitFor(() => one.isSynced);
    server.answer = () => ({ status: 200, body: { metadata: { resourceVersion: '20' }, items: [item('new', 20)] } });
    await Promise.all([one.relist(), one.relist(), one.relist()]);
    expect([...state.keys()]).toEqual(['new']);
  });

  test('a stopped watcher leaves nobody waiting', async () => {
    const server = new FaultyServer();
    server.answer = () => {
      throw kubernetesDown('refused');
    };
    const { watcher: one } = watch(server);
    const asked = one.relist();
    await one.stop();
    await asked;
  });

  test('an object without a name in a stream leads to a new list', async () => {
    const server = new FaultyServer();
    server.scripts = [[event('ADDED', {})], ['hang']];
    const { lists } = watch(server);
    await waitFor(() => lists() === 2);
  });
});

describe('KindWatcher of a custom kind', () => {
  const found = {
    status: 200,
    body: { preferredVersion: { version: 'v1alpha1' }, metadata: { resourceVersion: '5' }, items: [] },
  };

  test('an absent definition means no objects, until it appears', async () => {
    const server = new FaultyServer();
    server.answer = () => ({ status: 404, body: {} });
    const { watcher: one, state } = watch(server, custom);
    await waitFor(() => one.isSynced);
    expect(one.staleMs()).toBe(0);
    server.answer = (path) =>
      path.endsWith('transportpolicies') ? { status: 200, body: { metadata: {}, items: [item('p', 1)] } } : found;
    await waitFor(() => state.has('p'));
  });

  test('a definition that is not served yet keeps the source unsynced, and what is known', async () => {
    const server = new FaultyServer();
    server.answer = (path) => ({ status: path.includes('customresourcedefinitions') ? 200 : 404, body: {} });
    const { watcher: one } = watch(server, custom);
    await waitFor(() => server.lists.length > 6);
    expect(one.isSynced).toBe(false);
  });

  test('where definitions may not be read, absence must last', async () => {
    const server = new FaultyServer();
    server.answer = (path) => ({ status: path.includes('customresourcedefinitions') ? 403 : 404, body: {} });
    const startedAt = performance.now();
    const { watcher: one } = watch(server, custom);
    await waitFor(() => one.isSynced);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(timing.absentGraceMs - 5);
  });
});
