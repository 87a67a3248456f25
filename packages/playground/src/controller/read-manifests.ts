// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isNode, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { z } from 'zod';
import { ignoredPodFields } from './ignored-pod-fields.ts';
import {
  deploymentSpecShape,
  metadataShape,
  podSpecShape,
  serviceSpecShape,
  statefulSetSpecShape,
  type KubeObject,
} from './kubernetes-objects.ts';

const envelope = z.looseObject({ apiVersion: z.string().min(1), kind: z.string().min(1), metadata: metadataShape });
const noSpec = z.unknown();
/** Kinds that the playground acts on; the others are the control plane's business. */
const specShapes: Readonly<Record<string, z.ZodType>> = {
  Namespace: noSpec,
  ServiceAccount: noSpec,
  Service: serviceSpecShape,
  Deployment: deploymentSpecShape,
  StatefulSet: statefulSetSpecShape,
  Pod: podSpecShape,
};
const unsupported = new Set(['DaemonSet', 'Job', 'CronJob', 'ReplicaSet', 'ReplicationController']);
const clusterScoped = new Set(['Namespace', 'Node']);

/** What one file holds. */
export interface FileContent {
  readonly objects: readonly KubeObject[];
  /** `file:line: field: reason`. */
  readonly problems: readonly string[];
  /** It could not be read as YAML at all: what was read before stays in force. */
  readonly isBroken: boolean;
}

/** Files of a directory of manifests, in order, without those whose name starts with a dot. */
export function listManifestFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter(
      (entry) =>
        entry.isFile() || (entry.isSymbolicLink() && statSync(path.join(entry.parentPath, entry.name)).isFile()),
    )
    .filter((entry) => /^[^.].*\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !path
          .relative(directory, file)
          .split(path.sep)
          .some((part) => part.startsWith('.')),
    )
    .toSorted();
}

/** Reads the objects of one file. */
export function readManifestFile(file: string): FileContent {
  return parseManifests(readFileSync(file, 'utf8'), file);
}

/** Parses one or several YAML documents. */
export function parseManifests(text: string, file: string): FileContent {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const objects: KubeObject[] = [];
  const problems: string[] = [];
  let isBroken = false;
  for (const document of Array.isArray(documents) ? documents : []) {
    const error = document.errors[0];
    if (error !== undefined) {
      problems.push(`${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`);
      isBroken = true;
      continue;
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) continue;
    for (const { item, at } of itemsOf(value)) {
      const where = (field: readonly PropertyKey[]): string => `${file}:${lineOf(document, [...at, ...field], lines)}`;
      readObject(item, { where, objects, problems });
    }
  }
  return { objects, problems, isBroken };
}

function itemsOf(value: unknown): readonly { readonly item: unknown; readonly at: readonly PropertyKey[] }[] {
  const list = z.looseObject({ kind: z.literal('List'), items: z.array(z.unknown()) }).safeParse(value);
  return list.success
    ? list.data.items.map((item, index) => ({ item, at: ['items', index] }))
    : [{ item: value, at: [] }];
}

/** Line of a field, or of the nearest thing above it that exists. */
function lineOf(document: Document, field: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = field.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(field.slice(0, length), true);
    if (isNode(node) && node.range !== null && node.range !== undefined) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

interface ReadTarget {
  readonly where: (field: readonly PropertyKey[]) => string;
  readonly objects: KubeObject[];
  readonly problems: string[];
}

function readObject(value: unknown, into: ReadTarget): void {
  const head = envelope.safeParse(value);
  if (!head.success) {
    into.problems.push(...describe(head.error, { where: into.where, name: 'object', at: [] }));
    return;
  }
  const { kind, metadata } = head.data;
  const name = `${kind} ${metadata.name}`;
  if (unsupported.has(kind))
    into.problems.push(
      `${into.where([])}: ${name}: the playground does not run ${kind}s; use a Deployment, StatefulSet or Pod`,
    );
  const shape = specShapes[kind];
  if (shape === undefined) return;
  const spec = shape.safeParse(head.data['spec']);
  if (!spec.success) {
    into.problems.push(...describe(spec.error, { where: into.where, name, at: ['spec'] }));
    return;
  }
  const namespace = clusterScoped.has(kind) ? undefined : (metadata.namespace ?? 'default');
  const object = { ...head.data, metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) } };
  const read = (spec.data === undefined ? object : { ...object, spec: spec.data }) as KubeObject;
  into.objects.push(read);
  for (const { path: field, reason } of ignoredPodFields(read)) {
    into.problems.push(`${into.where(field)}: ${name}: ${field.join('.')}: ${reason}`);
  }
}

function describe(
  error: z.ZodError,
  object: { where: ReadTarget['where']; name: string; at: readonly PropertyKey[] },
): string[] {
  return error.issues.map((issue) => {
    const field = [...object.at, ...issue.path];
    return `${object.where(field)}: ${object.name}: ${field.join('.')}: ${issue.message}`;
  });
}
