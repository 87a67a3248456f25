// SPDX-License-Identifier: Apache-2.0
import { SignetError, type ClusterSnapshot } from '@signet/model';
import type { Clock } from '@signet/runtime';
import { ClusterIndex, type PlacedObject } from '../cluster-index.ts';
import type { ClusterSource } from '../cluster-source.ts';
import { watchedKinds } from '../kinds.ts';
import { SnapshotPublisher } from '../snapshot-publisher.ts';
import { watchManifestDirectories, type ManifestWatch } from './watch-manifest-directories.ts';

/** Options of createManifestSource. */
export interface ManifestSourceOptions {
  /** Later ones overlay earlier ones. */
  readonly directories: readonly string[];
  readonly trustDomain: string;
  readonly clock: Clock;
}

/** The manifest of a pod is a wish until something runs it and writes a status. */
function isReal({ object }: PlacedObject): boolean {
  return object.kind !== 'Pod' || object.body['status'] !== undefined;
}

/** The cluster as directories of manifests show it. Revision: microseconds since 1970 of the newest change. */
export function createManifestSource(options: ManifestSourceOptions): ClusterSource {
  const index = new ClusterIndex({ trustDomain: options.trustDomain });
  let watched: ManifestWatch | undefined;
  let isSynced = false;
  let revision = 0;

  const build = (): ClusterSnapshot =>
    index.snapshot({
      revision,
      isSynced,
      isStale: isSynced && watched?.isReadable() !== true,
      fileProblems: watched?.content().problems ?? [],
    });
  const publisher = new SnapshotPublisher(build, 0);

  const take = (): void => {
    if (watched === undefined) return;
    if (watched.isReadable()) {
      const byKind = Map.groupBy(watched.content().objects.filter(isReal), ({ object }) => object.kind);
      for (const { kind } of watchedKinds) index.replaceKind(kind, byKind.get(kind) ?? []);
      // What a file forbids that has never parsed is not known: until it does, a start does not push anything at all.
      isSynced ||= !watched.content().hidesPolicies;
    }
    // Time of the change, so a restart never falls behind what proxies have seen; the clock may stand still or jump back.
    revision = Math.max(revision + 1, options.clock.now().getTime() * 1000);
    publisher.publish();
  };

  return {
    start() {
      watched ??= watchManifestDirectories({ directories: options.directories, onChange: take });
    },
    async stop() {
      publisher.stop();
      await watched?.close();
      watched = undefined;
    },
    current: () => publisher.current(),
    onChange: (listener) => publisher.onChange(listener),
    async resync(signal) {
      signal?.throwIfAborted();
      await watched?.resync();
      if (watched?.isReadable() !== true) {
        const [problem = 'it is not being read'] = watched?.content().problems ?? [];
        throw new SignetError('KUBERNETES_DOWN', `the directories of manifests cannot be read: ${problem}`);
      }
      return publisher.current();
    },
  };
}
