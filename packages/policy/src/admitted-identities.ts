// SPDX-License-Identifier: Apache-2.0
import type { AccessRule, AdmittedIdentities } from './access-graph.ts';
import { all, foldCondition, listAtoms, matchesString, type Condition, type StringMatch } from './condition.ts';
import { pessimistic, type RuleEffect } from './rule-folding.ts';

/** The rules of one port. */
export interface PortRules {
  readonly allow: readonly AccessRule[];
  readonly deny: readonly AccessRule[];
  readonly isAllowRequired: boolean;
}

/** What a rule says about identities alone; whatever else it asks counts against the caller. */
function identityCondition(rule: AccessRule, effect: RuleEffect): Condition {
  return foldCondition(all([rule.source, rule.target]), (atom, isNegated) =>
    atom.kind === 'principal' ? undefined : pessimistic(effect, isNegated),
  );
}

function holdsFor(condition: Condition, caller: string | undefined): boolean {
  const folded = foldCondition(condition, (atom) =>
    atom.kind === 'principal' && caller !== undefined && matchesString(atom.match, caller)
      ? { kind: 'always' }
      : { kind: 'never' },
  );
  return folded.kind === 'always';
}

/** The matches of a condition that is a plain list of positive principals; undefined when it is more than that. */
function plainMatches(condition: Condition): readonly StringMatch[] | undefined {
  if (condition.kind === 'never') return [];
  if (condition.kind === 'principal') return [condition.match];
  if (condition.kind !== 'some') return undefined;
  const parts = condition.of.map((part) => (part.kind === 'principal' ? part.match : undefined));
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function byText(a: StringMatch, b: StringMatch): number {
  const [left, right] = [`${a.value} ${a.kind}`, `${b.value} ${b.kind}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Turns rules into a list of names, for ports where the decision must fall in the handshake. Negations and DENY rules
 * cannot be written as names: then the identities that exist, and those that rules spell out, are tried one by one.
 */
export function admittedIdentities(rules: PortRules, knownIdentities: readonly string[]): AdmittedIdentities {
  const allow = rules.isAllowRequired
    ? rules.allow.map((rule) => identityCondition(rule, 'ALLOW'))
    : [{ kind: 'always' } as const];
  const deny = rules.deny
    .map((rule) => identityCondition(rule, 'DENY'))
    .filter((condition) => condition.kind !== 'never');
  const isAdmitted = (caller: string | undefined): boolean =>
    allow.some((condition) => holdsFor(condition, caller)) && !deny.some((condition) => holdsFor(condition, caller));
  const isAnonymousAdmitted = isAdmitted(undefined);
  if (deny.length === 0) {
    if (allow.some((condition) => condition.kind === 'always')) return { certificates: 'any', isAnonymousAdmitted };
    const plain = allow.map(plainMatches);
    if (plain.every((matches) => matches !== undefined)) {
      const unique = new Map(plain.flat().map((match) => [`${match.kind} ${match.value}`, match]));
      return { certificates: [...unique.values()].toSorted(byText), isAnonymousAdmitted };
    }
  }
  const spelledOut = [...allow, ...deny]
    .flatMap(listAtoms)
    .flatMap((atom) => (atom.kind === 'principal' && atom.match.kind === 'exact' ? [atom.match.value] : []));
  const candidates = [...new Set([...knownIdentities, ...spelledOut])].toSorted();
  const certificates = candidates.filter(isAdmitted).map((value): StringMatch => ({ kind: 'exact', value }));
  return { certificates, isAnonymousAdmitted };
}
