// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@signet/runtime';
import { waitFor } from '@signet/testing';
import { createManifestSource } from '../../src/manifests/create-manifest-source.ts';
import { describeClusterSource, type SourceUnderTest } from '../contract/cluster-source-contract.ts';

interface Named {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

async function createPlace(): Promise<SourceUnderTest> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-manifests-'));
  const fileOf = (kind: string, namespace: string, name: string): string =>
    path.join(directory, `${kind}.${namespace}.${name}.json`);
  const write = (object: Named): void => {
    const file = fileOf(object.kind, object.metadata.namespace ?? '', object.metadata.name);
    writeFileSync(`${file}.new`, JSON.stringify(object));
    renameSync(`${file}.new`, file);
  };
  write({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'signet.dev/inject': 'enabled' } },
  } as Named);
  const source = createManifestSource({ directories: [directory], trustDomain: 'cluster.local', clock: systemClock });
  return {
    source,
    apply: async (...objects) => objects.forEach((object) => write(object as Named)),
    remove: async (kind, namespace, name) => rmSync(fileOf(kind, namespace, name)),
    async uidOf(kind, namespace, name) {
      return await waitFor(async () => {
        const snapshot = await source.resync();
        const all = kind === 'Pod' ? snapshot.workloads.values() : snapshot.controllers.values();
        return [...all].find((one) => one.namespace === namespace && one.name === name)?.uid;
      });
    },
    close: async () => rmSync(directory, { recursive: true }),
  };
}

describeClusterSource('A directory of manifests', createPlace);
