// SPDX-License-Identifier: Apache-2.0
import { createFileRegistry, fromBinary, toJson, type JsonValue } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { AnySchema, FileDescriptorSetSchema, anyUnpack, type Any } from '@bufbuild/protobuf/wkt';
import { loadEnvoyDescriptorSet } from '@signet/proto';
import type { EncodedResource, ResourceSet } from '../src/index.ts';
import type { Any as PackedMessage } from '../src/encode.ts';

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, loadEnvoyDescriptorSet()));

/** Resources as JSON, by type and name. */
export type ResourceDocument = Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;

/** Throws on fields that the descriptor set does not know, in nested packed messages as well. */
function checkStrictly(message: ReflectMessage, where: string): void {
  if ((message.message.$unknown ?? []).length > 0)
    throw new Error(`${where}: unknown fields in ${message.desc.typeName}`);
  if (message.desc.typeName === AnySchema.typeName) {
    const packed = anyUnpack(message.message as Any, registry);
    if (packed === undefined)
      throw new Error(`${where}: ${(message.message as Any).typeUrl} is not in the descriptor set`);
    const desc = registry.getMessage(packed.$typeName);
    if (desc !== undefined) checkStrictly(reflect(desc, packed), where);
  }
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === 'message') checkStrictly(message.get(field), where);
    if (field.fieldKind === 'list' && field.listKind === 'message') {
      for (const entry of message.get(field)) checkStrictly(entry as ReflectMessage, where);
    }
    if (field.fieldKind === 'map' && field.mapKind === 'message') {
      for (const [, entry] of message.get(field)) checkStrictly(entry as ReflectMessage, where);
    }
  }
}

/** Decodes a packed message with the full descriptor set; throws on anything that is not in it. */
export function anyJson(packed: PackedMessage): JsonValue {
  const typeUrl = packed.type_url ?? '';
  const desc = registry.getMessage(typeUrl.slice(typeUrl.indexOf('/') + 1));
  if (desc === undefined) throw new Error(`${typeUrl} is not in the descriptor set`);
  const message = fromBinary(desc, packed.value ?? new Uint8Array());
  checkStrictly(reflect(desc, message), typeUrl);
  return toJson(desc, message, { registry });
}

/** The same for a resource. */
export function resourceJson(resource: EncodedResource): JsonValue {
  return anyJson({ type_url: resource.typeUrl, value: resource.bytes });
}

/** The same for everything that a proxy gets, by message name and resource name. */
export function resourceDocument(set: ResourceSet): ResourceDocument {
  const document: Record<string, Record<string, JsonValue>> = {};
  for (const [typeUrl, resources] of set.byType) {
    const group = [...resources].map(([name, resource]) => [name, resourceJson(resource)] as const);
    document[typeUrl.slice(typeUrl.lastIndexOf('.') + 1)] = Object.fromEntries(group);
  }
  return document;
}

const widthMax = 120;

function flatJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${flatJson(entry)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Lists of several objects, and lists of several lists, are always broken. */
function mustBreak(value: JsonValue): boolean {
  if (Array.isArray(value)) {
    const isBig = (entry: JsonValue): boolean =>
      typeof entry === 'object' && entry !== null && Object.keys(entry).length > 1;
    const isUniform = value.every(Array.isArray) || value.every((entry) => !Array.isArray(entry));
    return (value.length > 1 && isUniform && value.every(isBig)) || value.some(mustBreak);
  }
  return typeof value === 'object' && value !== null && Object.values(value).some(mustBreak);
}

/** JSON as the formatter of the repository writes it. `used` counts the characters around it on its line. */
export function formatJson(value: JsonValue, indent = '', used = 0): string {
  const flat = flatJson(value);
  if (typeof value !== 'object' || value === null) return flat;
  if (!mustBreak(value) && flat.length + used <= widthMax) return flat;
  const inner = `${indent}  `;
  const parts: readonly (readonly [string, JsonValue])[] = Array.isArray(value)
    ? value.map((entry) => ['', entry])
    : Object.entries(value).map(([key, entry]) => [`${JSON.stringify(key)}: `, entry]);
  const lines = parts.map(([name, entry], index) => {
    const start = `${inner}${name}`;
    const comma = index < parts.length - 1 ? 1 : 0;
    return `${start}${formatJson(entry, inner, start.length + comma)}`;
  });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}
