// SPDX-License-Identifier: Apache-2.0
import { all, always, never, not, some, type Condition } from '../condition.ts';
import { parseIpRange } from '../ip-range.ts';
import { isSet, parsePort, type SpecReader } from '../spec-reader.ts';
import { readSourceValues, type SourceContext } from './source.ts';
import { parseStringPattern } from './string-pattern.ts';

/** A `when` entry splits into what concerns the caller and what concerns the request. */
export interface WhenConditions {
  readonly source: Condition;
  readonly target: Condition;
}

/** Keys that mean the same as a field of a source. */
const sourceKeys: Readonly<Record<string, string>> = {
  'source.ip': 'ipBlocks',
  'source.namespace': 'namespaces',
  'source.principal': 'principals',
  'source.serviceAccount': 'serviceAccounts',
  'source.trustDomain': 'trustDomains',
};

type TargetParser = (text: string) => Condition | undefined;

function headerParser(key: string): TargetParser | undefined {
  const name = /^request\.headers\[([A-Za-z0-9!#$%&'*+.^_`|~-]+)\]$/.exec(key)?.[1];
  if (name === undefined) return undefined;
  return (text) => {
    const match = parseStringPattern(text);
    return match === undefined ? undefined : { kind: 'header', name: name.toLowerCase(), match };
  };
}

const targetParsers: Readonly<Record<string, TargetParser>> = {
  'destination.port': (text) => {
    const port = parsePort(text);
    return port === undefined ? undefined : { kind: 'port', port };
  },
  'destination.ip': (text) => {
    const range = parseIpRange(text);
    return range === undefined ? undefined : { kind: 'destination-ip', range };
  },
  'connection.sni': (text) => {
    const match = parseStringPattern(text);
    return match === undefined ? undefined : { kind: 'server-name', match };
  },
};

function readTarget(
  input: { readonly parse: TargetParser; readonly values: unknown; readonly path: string },
  reader: SpecReader,
): Condition {
  return some(
    reader.texts(input.values, input.path).flatMap((text, index) => {
      const atom = input.parse(text);
      if (atom === undefined) reader.report('Invalid', `${input.path}[${index}] «${text}» is not a value of this key`);
      return atom === undefined ? [] : [atom];
    }),
  );
}

/** Reads `when[]`. */
export function readWhen(
  value: unknown,
  path: string,
  at: { context: SourceContext; reader: SpecReader },
): WhenConditions {
  const { context, reader } = at;
  const when = reader.fields(value, path, ['key', 'values', 'notValues']);
  const key = when?.['key'];
  if (when === undefined || typeof key !== 'string') {
    reader.report('Invalid', `${path}.key must be a text`);
    return { source: never, target: never };
  }
  const present = (['values', 'notValues'] as const).filter((name) => isSet(when[name]));
  if (present.length === 0) reader.report('Invalid', `${path} must have values or notValues`);
  const field = sourceKeys[key];
  if (field !== undefined) {
    const parts = present.map((name) =>
      readSourceValues(
        { field, values: when[name], path: `${path}.${name}`, isNegated: name === 'notValues' },
        context,
        reader,
      ),
    );
    return { source: all(parts), target: always };
  }
  const parse = targetParsers[key] ?? headerParser(key);
  if (parse === undefined) {
    reader.report('UnsupportedValue', `${path}.key «${key}» is not honoured`);
    return { source: never, target: never };
  }
  const parts = present.map((name) => {
    const values = readTarget({ parse, values: when[name], path: `${path}.${name}` }, reader);
    return name === 'values' ? values : not(values);
  });
  return { source: always, target: all(parts) };
}
