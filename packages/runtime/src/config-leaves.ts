// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/** One setting that a schema knows. */
export interface ConfigLeaf {
  /** Dotted. */
  readonly path: string;
  /** Environment variable that sets it, with prefix. */
  readonly envName: string;
  /** For people, for example `number` or `info | warn`. */
  readonly type: string;
  readonly description: string;
  /** As JSON; undefined when there is none. */
  readonly defaultJson: string | undefined;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  readonly isText: boolean;
}

/** Marks a setting that is never printed. */
export function secretText(description: string): z.ZodString {
  return z.string().min(1).meta({ description, isSecret: true });
}

/** `controlPlane.caAddress` with prefix SIGNET is SIGNET_CONTROL_PLANE_CA_ADDRESS. */
export function formatEnvName(prefix: string, path: string): string {
  const words = path.replaceAll('.', '_').replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2');
  return `${prefix}_${words}`.toUpperCase();
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly isOptional: boolean;
  readonly defaultValue: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
}

function unwrap(outer: z.core.$ZodType): Unwrapped {
  let schema = outer;
  let isOptional = false;
  let defaultValue: unknown;
  let meta: Record<string, unknown> = {};
  for (;;) {
    meta = { ...(z.globalRegistry.get(schema) ?? {}), ...meta };
    const { def } = schema._zod as unknown as {
      def: { type: string; innerType?: z.core.$ZodType; in?: z.core.$ZodType; defaultValue?: unknown };
    };
    const inner = def.type === 'pipe' ? def.in : def.innerType;
    if (inner === undefined) return { schema, isOptional, defaultValue, meta };
    if (def.type === 'optional' || def.type === 'nullable') isOptional = true;
    if (def.type === 'default' || def.type === 'prefault') {
      isOptional = true;
      defaultValue = def.defaultValue;
    }
    schema = inner;
  }
}

interface SchemaDef {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly options?: readonly z.core.$ZodType[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly unknown[];
  readonly element?: z.core.$ZodType;
}

function defOf(schema: z.core.$ZodType): SchemaDef {
  return schema._zod.def as unknown as SchemaDef;
}

function formatType(schema: z.core.$ZodType): string {
  const def = defOf(schema);
  if (def.type === 'enum') return Object.values(def.entries ?? {}).join(' \\| ');
  if (def.type === 'literal') return (def.values ?? []).map(String).join(' \\| ');
  if (def.type === 'array' && def.element !== undefined) return `list of ${formatType(unwrap(def.element).schema)}`;
  if (def.type === 'union')
    return [...new Set((def.options ?? []).map((option) => formatType(unwrap(option).schema)))].join(' or ');
  return { string: 'text', record: 'mapping', boolean: 'true or false' }[def.type] ?? def.type;
}

/** True when the setting is text in all its forms, so that a variable is taken as it is. */
function isTextual(schema: z.core.$ZodType): boolean {
  const def = defOf(schema);
  if (def.type === 'union') return (def.options ?? []).every((option) => isTextual(unwrap(option).schema));
  return ['string', 'enum', 'literal'].includes(def.type);
}

/** Keys of the objects that a schema admits at this place; a union of objects admits the keys of each. */
function childrenOf(schema: z.core.$ZodType): readonly (readonly [string, z.core.$ZodType])[] | undefined {
  const def = defOf(schema);
  if (def.type === 'object') return Object.entries(def.shape ?? {});
  if (def.type !== 'union') return undefined;
  const merged = new Map<string, z.core.$ZodType>();
  for (const option of def.options ?? []) {
    const children = childrenOf(unwrap(option).schema);
    if (children === undefined) return undefined;
    for (const [key, child] of children) if (!merged.has(key)) merged.set(key, child);
  }
  return [...merged];
}

/** Value of a union's tag in each option, for its type text. */
function tagTexts(schema: z.core.$ZodType, key: string): string | undefined {
  const def = defOf(schema);
  if (def.type !== 'union') return undefined;
  const texts = (def.options ?? []).flatMap((option) => {
    const tag = defOf(unwrap(option).schema).shape?.[key];
    return tag !== undefined && defOf(tag).type === 'literal' ? [formatType(tag)] : [];
  });
  return texts.length === 0 ? undefined : texts.join(' \\| ');
}

interface Place {
  /** Something above may be left out as a whole. */
  readonly isBelowOptional: boolean;
  readonly around: z.core.$ZodType | undefined;
}

/** Lists every setting of a schema, in its order. */
export function listConfigLeaves(root: z.core.$ZodType, envPrefix: string): readonly ConfigLeaf[] {
  const leaves: ConfigLeaf[] = [];
  const walk = (outer: z.core.$ZodType, path: string, place: Place): void => {
    const { isBelowOptional, around } = place;
    const { schema, isOptional, defaultValue, meta } = unwrap(outer);
    const children = childrenOf(schema);
    if (children !== undefined) {
      const isSkippable = (isOptional && defaultValue === undefined) || defOf(schema).type === 'union';
      const below: Place = { isBelowOptional: isBelowOptional || isSkippable, around: schema };
      for (const [key, child] of children) walk(child, path === '' ? key : `${path}.${key}`, below);
      return;
    }
    const tag = around === undefined ? undefined : tagTexts(around, path.split('.').at(-1) ?? '');
    leaves.push({
      path,
      envName: formatEnvName(envPrefix, path),
      type: tag ?? formatType(schema),
      description: typeof meta['description'] === 'string' ? meta['description'] : '',
      defaultJson: defaultValue === undefined ? undefined : JSON.stringify(defaultValue),
      isRequired: !isOptional && !isBelowOptional,
      isSecret: meta['isSecret'] === true,
      isText: isTextual(schema),
    });
  };
  walk(root, '', { isBelowOptional: false, around: undefined });
  return leaves;
}
