// SPDX-License-Identifier: Apache-2.0
import { defaultTrustDomain } from '@signet/model';
import { all, not, some, type Condition, type StringMatch } from '../condition.ts';
import { parseIpRange } from '../ip-range.ts';
import { isSet, type SpecReader } from '../spec-reader.ts';
import { escapeRegex, parseStringPattern } from './string-pattern.ts';

/** What the meaning of a source depends on. */
export interface SourceContext {
  readonly trustDomain: string;
  /** Namespace of the policy. */
  readonly namespace: string;
  readonly action: 'ALLOW' | 'DENY';
}

const scheme = 'spiffe://';
const segment = '[^/]+';

/** Holds for callers with a SPIFFE identity. */
export const hasPrincipal: Condition = { kind: 'principal', match: { kind: 'prefix', value: scheme } };

function principal(match: StringMatch): Condition {
  return { kind: 'principal', match };
}

/** `cluster.local` in a policy stands for the mesh's own trust domain, as in Istio. */
function localise(text: string, trustDomain: string): string {
  const alias = `${defaultTrustDomain}/`;
  return text.startsWith(alias) ? `${trustDomain}/${text.slice(alias.length)}` : text;
}

function principalOf(text: string, context: SourceContext): Condition | undefined {
  const match = parseStringPattern(localise(text, context.trustDomain));
  if (match === undefined || text.startsWith(scheme)) return undefined;
  if (match.kind === 'present') return hasPrincipal;
  return principal(match.kind === 'suffix' ? match : { kind: match.kind, value: `${scheme}${match.value}` });
}

function namespaceOf(text: string, context: SourceContext): Condition | undefined {
  const match = parseStringPattern(text);
  const start = `${scheme}${context.trustDomain}/ns/`;
  switch (match?.kind) {
    case 'exact':
      return principal({ kind: 'prefix', value: `${start}${match.value}/sa/` });
    case 'prefix':
      return principal({ kind: 'prefix', value: `${start}${match.value}` });
    case 'suffix':
      return principal({ kind: 'regex', value: `${escapeRegex(start)}[^/]*${escapeRegex(match.value)}/sa/${segment}` });
    case 'present':
      return principal({ kind: 'prefix', value: start });
    default:
      return undefined;
  }
}

function serviceAccountOf(text: string, context: SourceContext): Condition | undefined {
  const [first = '', second, ...rest] = text.split('/');
  if (text.includes('*') || rest.length > 0 || first === '' || second === '') return undefined;
  const [namespace, account] = second === undefined ? [context.namespace, first] : [first, second];
  return principal({ kind: 'exact', value: `${scheme}${context.trustDomain}/ns/${namespace}/sa/${account}` });
}

function trustDomainOf(text: string, context: SourceContext): Condition | undefined {
  if (text.includes('*') || text.includes('/')) return undefined;
  return principal({ kind: 'prefix', value: `${scheme}${localise(`${text}/`, context.trustDomain)}` });
}

function ipOf(text: string): Condition | undefined {
  const range = parseIpRange(text);
  return range === undefined ? undefined : { kind: 'source-ip', range };
}

interface SourceField {
  readonly parse: (text: string, context: SourceContext) => Condition | undefined;
  readonly expected: string;
  /** The field is about identity, so its negation must not admit callers that have none. */
  readonly isIdentity: boolean;
}

const wildcardHint = '`*`, `prefix*`, `*suffix` or an exact value';

/** Fields of a source; each has a `not` form. */
export const sourceFields: Readonly<Record<string, SourceField>> = {
  principals: { parse: principalOf, expected: `${wildcardHint}, without spiffe://`, isIdentity: true },
  namespaces: { parse: namespaceOf, expected: wildcardHint, isIdentity: true },
  serviceAccounts: { parse: serviceAccountOf, expected: '<account> or <namespace>/<account>', isIdentity: true },
  trustDomains: { parse: trustDomainOf, expected: 'the exact name of a trust domain', isIdentity: true },
  ipBlocks: { parse: ipOf, expected: 'an address or a CIDR block', isIdentity: false },
};

/** Name of the negated form of a field. */
export function negatedName(field: string): string {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

/** The condition that one list of values stands for. */
export function readSourceValues(
  input: { readonly field: string; readonly values: unknown; readonly path: string; readonly isNegated: boolean },
  context: SourceContext,
  reader: SpecReader,
): Condition {
  const field = sourceFields[input.field];
  if (field === undefined) return { kind: 'never' };
  const parts = reader.texts(input.values, input.path).flatMap((text, index) => {
    const part = field.parse(text, context);
    if (part === undefined) reader.report('Invalid', `${input.path}[${index}] «${text}»: expected ${field.expected}`);
    return part === undefined ? [] : [part];
  });
  if (!input.isNegated) return some(parts);
  const others = not(some(parts));
  // In an ALLOW, «anybody but X» means anybody with an identity; in a DENY it covers callers without one as well.
  return field.isIdentity && context.action === 'ALLOW' ? all([hasPrincipal, others]) : others;
}

/** Reads `from[].source`. */
export function readSource(
  value: unknown,
  path: string,
  at: { context: SourceContext; reader: SpecReader },
): Condition {
  const names = Object.keys(sourceFields);
  const source = at.reader.fields(value, path, [...names, ...names.map(negatedName)]);
  if (source === undefined) return { kind: 'never' };
  const parts = names.flatMap((field) =>
    [field, negatedName(field)].flatMap((name) => {
      if (!isSet(source[name])) return [];
      const input = { field, values: source[name], path: `${path}.${name}`, isNegated: name !== field };
      return [readSourceValues(input, at.context, at.reader)];
    }),
  );
  if (parts.length === 0) at.reader.report('Invalid', `${path} must name a source`);
  return all(parts);
}
