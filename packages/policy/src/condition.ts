// SPDX-License-Identifier: Apache-2.0

/** How a text is compared. */
export interface StringMatch {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex' | 'present';
  /** Regular expressions are RE2 and match the whole text; empty for `present`. */
  readonly value: string;
}

/** Addresses in CIDR form. */
export interface IpRange {
  readonly address: string;
  /** Bits. */
  readonly prefixLength: number;
}

/** A condition on a call. Atoms about HTTP can be judged on HTTP ports only. */
export type Condition =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'some'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | Atom;

/** A condition that is not made of others. */
export type Atom =
  /** The caller's certificate carries a SPIFFE URI that matches; callers without one never do. */
  | { readonly kind: 'principal'; readonly match: StringMatch }
  | { readonly kind: 'source-ip'; readonly range: IpRange }
  | { readonly kind: 'destination-ip'; readonly range: IpRange }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'server-name'; readonly match: StringMatch }
  | { readonly kind: 'method'; readonly match: StringMatch }
  | { readonly kind: 'path'; readonly match: StringMatch }
  | { readonly kind: 'host'; readonly match: StringMatch }
  | { readonly kind: 'header'; readonly name: string; readonly match: StringMatch };

export const always: Condition = { kind: 'always' };
export const never: Condition = { kind: 'never' };

/** Holds when every part does. */
export function all(parts: readonly Condition[]): Condition {
  const kept = parts
    .flatMap((part) => (part.kind === 'all' ? part.of : [part]))
    .filter((part) => part.kind !== 'always');
  if (kept.some((part) => part.kind === 'never')) return never;
  const [only, ...rest] = kept;
  if (only === undefined) return always;
  return rest.length === 0 ? only : { kind: 'all', of: kept };
}

/** Holds when one part does. */
export function some(parts: readonly Condition[]): Condition {
  const kept = parts
    .flatMap((part) => (part.kind === 'some' ? part.of : [part]))
    .filter((part) => part.kind !== 'never');
  if (kept.some((part) => part.kind === 'always')) return always;
  const [only, ...rest] = kept;
  if (only === undefined) return never;
  return rest.length === 0 ? only : { kind: 'some', of: kept };
}

/** Holds when the part does not. */
export function not(part: Condition): Condition {
  if (part.kind === 'always') return never;
  if (part.kind === 'never') return always;
  return part.kind === 'not' ? part.of : { kind: 'not', of: part };
}

/** True for atoms that only an HTTP request can answer. */
export function isHttpAtom(atom: Atom): boolean {
  return atom.kind === 'method' || atom.kind === 'path' || atom.kind === 'host' || atom.kind === 'header';
}

/**
 * Replaces atoms by what is known of them. `judge` answers undefined to keep an atom. Its second argument says whether the
 * atom stands under an odd number of negations.
 */
export function foldCondition(
  condition: Condition,
  judge: (atom: Atom, isNegated: boolean) => Condition | undefined,
  isNegated = false,
): Condition {
  switch (condition.kind) {
    case 'always':
    case 'never':
      return condition;
    case 'all':
      return all(condition.of.map((part) => foldCondition(part, judge, isNegated)));
    case 'some':
      return some(condition.of.map((part) => foldCondition(part, judge, isNegated)));
    case 'not':
      return not(foldCondition(condition.of, judge, !isNegated));
    default:
      return judge(condition, isNegated) ?? condition;
  }
}

/** Atoms of a condition, in order. */
export function listAtoms(condition: Condition): readonly Atom[] {
  switch (condition.kind) {
    case 'always':
    case 'never':
      return [];
    case 'all':
    case 'some':
      return condition.of.flatMap(listAtoms);
    case 'not':
      return listAtoms(condition.of);
    default:
      return [condition];
  }
}

/** True when the text satisfies the match. */
export function matchesString(match: StringMatch, text: string): boolean {
  switch (match.kind) {
    case 'exact':
      return text === match.value;
    case 'prefix':
      return text.startsWith(match.value);
    case 'suffix':
      return text.endsWith(match.value);
    case 'present':
      return text !== '';
    case 'regex':
      return new RegExp(`^(?:${match.value})$`).test(text);
  }
}
