// SPDX-License-Identifier: Apache-2.0
import { bytesOf, parseMessage, textOf } from '../protobuf-wire.ts';

interface DescriptorFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly dependencies: readonly string[];
}

/** Files of a FileDescriptorSet by name and by every symbol that they define. */
export interface DescriptorIndex {
  /** The file and all that it imports, itself first; undefined when unknown. */
  byFileName(name: string): readonly Buffer[] | undefined;
  bySymbol(symbol: string): readonly Buffer[] | undefined;
}

// Field numbers of google/protobuf/descriptor.proto.
const fileFields = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6 } as const;
const messageFields = { name: 1, field: 2, nested: 3, enum: 4, oneof: 8 } as const;

function joinName(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}

function* enumSymbols(bytes: Buffer, scope: string): Generator<string> {
  const fields = parseMessage(bytes);
  yield joinName(scope, textOf(fields, 1));
  // Enum values live in the scope around their enum.
  for (const value of bytesOf(fields, 2)) yield joinName(scope, textOf(parseMessage(value), 1));
}

function* messageSymbols(bytes: Buffer, scope: string): Generator<string> {
  const fields = parseMessage(bytes);
  const name = joinName(scope, textOf(fields, messageFields.name));
  yield name;
  for (const number of [messageFields.field, messageFields.oneof]) {
    for (const part of bytesOf(fields, number)) yield joinName(name, textOf(parseMessage(part), 1));
  }
  for (const nested of bytesOf(fields, messageFields.nested)) yield* messageSymbols(nested, name);
  for (const part of bytesOf(fields, messageFields.enum)) yield* enumSymbols(part, name);
}

function* fileSymbols(bytes: Buffer): Generator<string> {
  const fields = parseMessage(bytes);
  const scope = textOf(fields, fileFields.package);
  for (const message of bytesOf(fields, fileFields.message)) yield* messageSymbols(message, scope);
  for (const part of bytesOf(fields, fileFields.enum)) yield* enumSymbols(part, scope);
  for (const service of bytesOf(fields, fileFields.service)) {
    const serviceFields = parseMessage(service);
    const name = joinName(scope, textOf(serviceFields, 1));
    yield name;
    for (const method of bytesOf(serviceFields, 2)) yield joinName(name, textOf(parseMessage(method), 1));
  }
}

/** Indexes FileDescriptorSets; the first file of a name wins. Throws on bytes that are none. */
export function buildDescriptorIndex(sets: readonly Buffer[]): DescriptorIndex {
  const files = new Map<string, DescriptorFile>();
  const symbols = new Map<string, string>();
  for (const bytes of sets.flatMap((set) => bytesOf(parseMessage(set), 1))) {
    const fields = parseMessage(bytes);
    const name = textOf(fields, fileFields.name);
    if (files.has(name)) continue;
    const dependencies = bytesOf(fields, fileFields.dependency).map((dependency) => dependency.toString('utf8'));
    files.set(name, { name, bytes, dependencies });
    for (const symbol of fileSymbols(bytes)) symbols.set(symbol, name);
  }

  function byFileName(name: string): readonly Buffer[] | undefined {
    if (!files.has(name)) return undefined;
    const found = new Map<string, Buffer>();
    const pending = [name];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const file = files.get(next);
      if (file === undefined || found.has(next)) continue;
      found.set(next, file.bytes);
      pending.push(...file.dependencies);
    }
    return [...found.values()];
  }

  return {
    byFileName,
    bySymbol(symbol) {
      const name = symbols.get(symbol.replace(/^\./, ''));
      return name === undefined ? undefined : byFileName(name);
    },
  };
}
