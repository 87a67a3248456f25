// SPDX-License-Identifier: Apache-2.0
import { createFileRegistry, fromBinary, type DescField, type FileRegistry } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { EncodedResource, ResourceSet } from '@signet/envoy';

/** Problems of a resource set; empty when each resource is exactly what its schema says. */
export type ResourceChecker = (set: ResourceSet) => readonly string[];

/** Hashes of checked resources that are remembered, at most. */
const rememberedMax = 50_000;

/**
 * Reads resources with a codec that has nothing in common with the one that wrote them. Finds bytes that do not decode,
 * fields and types that the schema does not know, also inside of `Any`; each content is read once.
 *
 * @param descriptorSet google.protobuf.FileDescriptorSet with every type in use
 */
export function createResourceChecker(descriptorSet: Uint8Array): ResourceChecker {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const known = new Map<string, readonly string[]>();
  return (set) => {
    const problems: string[] = [];
    for (const ofType of set.byType.values()) {
      for (const resource of ofType.values()) {
        const key = `${resource.typeUrl} ${resource.hash}`;
        const found = known.get(key) ?? checkResource(registry, resource);
        if (known.size >= rememberedMax) known.clear();
        known.set(key, found);
        problems.push(...found.map((problem) => `${resource.name}: ${problem}`));
      }
    }
    return problems;
  };
}

function checkResource(registry: FileRegistry, resource: EncodedResource): readonly string[] {
  return checkBytes(registry, { typeUrl: resource.typeUrl, bytes: resource.bytes, at: '' });
}

function checkBytes(registry: FileRegistry, o: { typeUrl: string; bytes: Uint8Array; at: string }): readonly string[] {
  const type = registry.getMessage(o.typeUrl.slice(o.typeUrl.lastIndexOf('/') + 1));
  if (type === undefined) return [`${o.at || 'resource'} has the unknown type ${o.typeUrl}`];
  try {
    return checkMessage(registry, reflect(type, fromBinary(type, o.bytes)), o.at);
  } catch (error) {
    return [`${o.at || 'resource'} does not decode as ${type.typeName}: ${String(error)}`];
  }
}

interface UnknownFields {
  readonly $unknown?: readonly { readonly no: number }[] | undefined;
}

function checkMessage(registry: FileRegistry, message: ReflectMessage, at: string): readonly string[] {
  const unknown = (message.message as UnknownFields).$unknown ?? [];
  const problems = unknown.map(
    ({ no }) => `${at || 'resource'} has the unknown field ${no} in ${message.desc.typeName}`,
  );
  if (message.desc.typeName === 'google.protobuf.Any') {
    const { typeUrl, value } = message.message as unknown as { typeUrl: string; value: Uint8Array };
    return [...problems, ...checkBytes(registry, { typeUrl, bytes: value, at })];
  }
  for (const field of message.fields) {
    if (message.isSet(field)) problems.push(...checkField(registry, { message, field, at: `${at}.${field.name}` }));
  }
  return problems;
}

function checkField(
  registry: FileRegistry,
  o: { message: ReflectMessage; field: DescField; at: string },
): readonly string[] {
  const { message, field, at } = o;
  if (field.fieldKind === 'message') return checkMessage(registry, message.get(field), at);
  if (field.fieldKind === 'list' && field.listKind === 'message') {
    return [...message.get(field)].flatMap((item, index) =>
      checkMessage(registry, item as ReflectMessage, `${at}[${index}]`),
    );
  }
  if (field.fieldKind === 'map' && field.mapKind === 'message') {
    return [...message.get(field)].flatMap(([key, value]) =>
      checkMessage(registry, value as ReflectMessage, `${at}[${String(key)}]`),
    );
  }
  return [];
}
