// SPDX-License-Identifier: Apache-2.0
import { all, not, some, type Condition } from '../condition.ts';
import { isSet, parsePort, type SpecReader } from '../spec-reader.ts';
import { negatedName } from './source.ts';
import { escapeRegex, parseStringPattern } from './string-pattern.ts';

function textAtom(kind: 'method' | 'path', text: string): Condition | undefined {
  if (kind === 'path' && /[{}]/.test(text)) return undefined;
  const match = parseStringPattern(text);
  return match === undefined ? undefined : { kind, match };
}

/** Host names match with and without a port, and without regard to case (RFC 9110 §4.2.3). */
function hostAtom(text: string): Condition | undefined {
  const match = parseStringPattern(text);
  if (match === undefined) return undefined;
  const isOpenEnd = match.kind === 'present' || match.kind === 'prefix' || text.includes(':');
  if (isOpenEnd) return { kind: 'host', match };
  const start = match.kind === 'suffix' ? '.*' : '';
  return { kind: 'host', match: { kind: 'regex', value: `(?i)${start}${escapeRegex(match.value)}(:[0-9]+)?` } };
}

function portAtom(text: string): Condition | undefined {
  const port = parsePort(text);
  return port === undefined ? undefined : { kind: 'port', port };
}

interface OperationField {
  readonly parse: (text: string) => Condition | undefined;
  readonly expected: string;
}

const wildcards = '`*`, `prefix*`, `*suffix` or an exact value';

const operationFields: Readonly<Record<string, OperationField>> = {
  hosts: { parse: hostAtom, expected: wildcards },
  ports: { parse: portAtom, expected: 'a port number as text' },
  methods: { parse: (text) => textAtom('method', text), expected: wildcards },
  paths: { parse: (text) => textAtom('path', text), expected: `${wildcards}; templates are not honoured` },
};

/** Reads `to[].operation`. */
export function readOperation(value: unknown, path: string, reader: SpecReader): Condition {
  const names = Object.keys(operationFields);
  const operation = reader.fields(value, path, [...names, ...names.map(negatedName)]);
  if (operation === undefined) return { kind: 'never' };
  const parts: Condition[] = [];
  for (const [field, { parse, expected }] of Object.entries(operationFields)) {
    for (const name of [field, negatedName(field)]) {
      if (!isSet(operation[name])) continue;
      const atoms = reader.texts(operation[name], `${path}.${name}`).flatMap((text, index) => {
        const atom = parse(text);
        if (atom === undefined) reader.report('Invalid', `${path}.${name}[${index}] «${text}»: expected ${expected}`);
        return atom === undefined ? [] : [atom];
      });
      parts.push(name === field ? some(atoms) : not(some(atoms)));
    }
  }
  if (parts.length === 0) reader.report('Invalid', `${path} must name an operation`);
  return all(parts);
}
