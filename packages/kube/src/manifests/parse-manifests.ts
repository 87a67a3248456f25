// SPDX-License-Identifier: Apache-2.0
import { isNode, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import type { PlacedObject } from '../cluster-index.ts';
import { fieldsOf, listOf, parseKubeObject, textOf } from '../kube-object.ts';
import { manifestUid } from './manifest-uid.ts';
import { listObjectProblems } from './object-problems.ts';

/** What a file holds; with problems nothing in it counts. */
export interface ParsedManifests {
  readonly objects: readonly PlacedObject[];
  /** `file:line:column: field: reason`. */
  readonly problems: readonly string[];
}

const clusterScoped = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
]);
// A document that expands to more is an attack (billion laughs).
const aliasCountMax = 100;

type Path = readonly (string | number)[];

function formatPath(path: Path): string {
  return (
    path.map((step, n) => (typeof step === 'number' ? `[${step}]` : n === 0 ? step : `.${step}`)).join('') ||
    '(document)'
  );
}

/** Path of the innermost key that begins before the offset: where a reader would look for a syntax error. */
function pathAt(node: unknown, offset: number): Path {
  if (isMap(node)) {
    const pair = node.items.findLast((item) => isNode(item.key) && (item.key.range?.[0] ?? Infinity) <= offset);
    if (pair === undefined || !isPair(pair)) return [];
    return [isScalar(pair.key) ? String(pair.key.value) : '?', ...pathAt(pair.value, offset)];
  }
  if (isSeq(node)) {
    const index = node.items.findLastIndex((item) => isNode(item) && (item.range?.[0] ?? Infinity) <= offset);
    return index < 0 ? [] : [index, ...pathAt(node.items[index], offset)];
  }
  return [];
}

/** Offset of the field, or of the innermost parent that is there. */
function offsetOf(root: unknown, path: Path): number {
  let node: unknown = root;
  let offset = isNode(root) ? (root.range?.[0] ?? 0) : 0;
  for (const step of path) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      next = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      next = node.items[step];
    }
    if (!isNode(next)) break;
    if (!isMap(node)) offset = next.range?.[0] ?? offset;
    node = next;
  }
  return offset;
}

class FileParser {
  readonly objects: PlacedObject[] = [];
  readonly problems: string[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }

  addDocument(document: Document.Parsed): void {
    const [error] = document.errors;
    if (error !== undefined) {
      const [offset] = error.pos;
      const [reason] = error.message.split('\n');
      this.problems.push(`${this.#place(offset)}: ${formatPath(pathAt(document.contents, offset))}: ${reason}`);
      return;
    }
    const value: unknown = document.toJS({ maxAliasCount: aliasCountMax });
    if (value === null || value === undefined) return;
    const { kind, items } = fieldsOf(value);
    if (textOf(kind).endsWith('List') && Array.isArray(items)) {
      listOf(items).forEach((item, n) => this.#addObject(document.contents, item, ['items', n]));
    } else {
      this.#addObject(document.contents, value, []);
    }
  }

  #addObject(root: Node | null, value: unknown, prefix: Path): void {
    const problems = listObjectProblems(value);
    for (const { path, reason } of problems) {
      const full = [...prefix, ...path];
      this.problems.push(`${this.#place(offsetOf(root, full))}: ${formatPath(full)}: ${reason}`);
    }
    if (problems.length > 0) return;
    const parsed = parseKubeObject(withDefaults(value));
    if (!parsed.ok) {
      this.problems.push(`${this.#place(offsetOf(root, prefix))}: ${formatPath(prefix)}: ${parsed.error}`);
      return;
    }
    const { line } = this.#lines.linePos(offsetOf(root, prefix));
    this.objects.push({ object: parsed.value, origin: `${this.#file}:${Math.max(line, 1)}` });
  }
}

/** Adds what an API server would have added and the index depends on. */
function withDefaults(value: unknown): unknown {
  const body = fieldsOf(value);
  const metadata = fieldsOf(body['metadata']);
  const kind = textOf(body['kind']);
  const name = textOf(metadata['name']);
  const namespace = clusterScoped.has(kind) ? '' : textOf(metadata['namespace']) || 'default';
  const labels =
    kind === 'Namespace'
      ? { 'kubernetes.io/metadata.name': name, ...fieldsOf(metadata['labels']) }
      : metadata['labels'];
  const uid = metadata['uid'] ?? manifestUid({ kind, namespace, name });
  return { ...body, metadata: { ...metadata, namespace, uid, labels } };
}

/** Good JSON in a hundredth of the time; undefined for what the YAML parser had better look at to say what is wrong. */
function parseGoodJson(text: string, file: string): ParsedManifests | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { kind, items } = fieldsOf(value);
  const values = textOf(kind).endsWith('List') && Array.isArray(items) ? listOf(items) : [value];
  const objects: PlacedObject[] = [];
  for (const one of values) {
    const parsed = listObjectProblems(one).length === 0 ? parseKubeObject(withDefaults(one)) : undefined;
    if (parsed?.ok !== true) return undefined;
    objects.push({ object: parsed.value, origin: `${file}:1` });
  }
  return { objects, problems: [] };
}

/** Parses a file of one or several YAML documents, or of JSON. Never throws: the text is somebody's. */
export function parseManifests(text: string, file: string): ParsedManifests {
  const json = file.endsWith('.json') ? parseGoodJson(text, file) : undefined;
  return json ?? parseYaml(text, file);
}

function parseYaml(text: string, file: string): ParsedManifests {
  const lines = new LineCounter();
  const parser = new FileParser(file, lines);
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      logLevel: 'silent',
      prettyErrors: false,
      merge: true,
    });
    for (const document of Array.isArray(documents) ? documents : []) parser.addDocument(document);
  } catch (error) {
    // Deep nesting overflows the stack, and too many aliases throw.
    const reason = error instanceof Error ? error.message : 'unreadable';
    return { objects: [], problems: [`${file}:1:1: (document): ${reason}`] };
  }
  return parser.problems.length > 0
    ? { objects: [], problems: parser.problems }
    : { objects: parser.objects, problems: [] };
}
