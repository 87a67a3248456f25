// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** The calls of one workload of a mesh, as its manifest declares them. */
export interface WorkloadCalls {
  readonly workload: string;
  readonly replicas: number;
  readonly calls: readonly { readonly to: string; readonly expected: string }[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: { readonly replicas?: number; readonly template?: { readonly metadata: Metadata } };
}

interface Metadata {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Reads the annotations without the product's help; `to` is the Service's bare name. */
export function readDeclaredCalls(directory: string): readonly WorkloadCalls[] {
  const objects = readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(path.join(directory, file), 'utf8')))
    .map((document) => document.toJS() as Manifest);
  return objects.flatMap(({ kind, metadata, spec }) => {
    const text = (kind === 'Pod' ? metadata : spec?.template?.metadata)?.annotations?.['signet.dev/calls'];
    if (text === undefined) return [];
    const calls = parse(text) as { to: string; expected: string }[];
    const short = calls.map(({ to, expected }) => ({ to: to.split('.')[0] ?? '', expected }));
    return [{ workload: metadata.name, replicas: kind === 'Pod' ? 1 : (spec?.replicas ?? 1), calls: short }];
  });
}
