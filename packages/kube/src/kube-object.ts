// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';

/** Untrusted JSON or YAML, read field by field. */
export type Fields = Readonly<Record<string, unknown>>;

/** metav1.OwnerReference. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** metav1.ObjectMeta, as far as it is read. */
export interface ObjectMetadata {
  readonly name: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** Undefined when the object does not say. */
  readonly createdAt: Date | undefined;
  readonly isTerminating: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

/** A Kubernetes object: checked header, unchecked rest. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  /** The object as it came, for fields beside the header. */
  readonly body: Fields;
}

/** Names an object without its content. */
export interface ObjectReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The value as a map; an empty one when it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value as a list; an empty one when it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text; empty when it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The entries of the value whose values are text. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function dateOf(value: unknown): Date | undefined {
  if (typeof value !== 'string') return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function ownerReferenceOf(value: unknown): OwnerReference {
  const { apiVersion, kind, name, uid, controller } = fieldsOf(value);
  return {
    apiVersion: textOf(apiVersion),
    kind: textOf(kind),
    name: textOf(name),
    uid: textOf(uid),
    controller: controller === true,
  };
}

/** Group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Reads the header of an object. Items of a list carry neither apiVersion nor kind; the caller gives them. */
export function parseKubeObject(
  value: unknown,
  given: { apiVersion?: string; kind?: string } = {},
): Result<KubeObject> {
  const body = fieldsOf(value);
  const apiVersion = textOf(body['apiVersion']) || given.apiVersion;
  const kind = textOf(body['kind']) || given.kind;
  const metadata = fieldsOf(body['metadata']);
  const name = textOf(metadata['name']);
  if (apiVersion === undefined || kind === undefined) return failure('apiVersion and kind are needed');
  if (name === '') return failure('metadata.name is needed');
  return success({
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: textOf(metadata['namespace']),
      uid: textOf(metadata['uid']),
      resourceVersion: textOf(metadata['resourceVersion']),
      generation: typeof metadata['generation'] === 'number' ? metadata['generation'] : 0,
      createdAt: dateOf(metadata['creationTimestamp']),
      isTerminating: dateOf(metadata['deletionTimestamp']) !== undefined,
      labels: textMapOf(metadata['labels']),
      annotations: textMapOf(metadata['annotations']),
      ownerReferences: listOf(metadata['ownerReferences']).map(ownerReferenceOf),
    },
    body,
  });
}
