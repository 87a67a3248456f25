// SPDX-License-Identifier: Apache-2.0
import type { AccessRule } from './access-graph.ts';
import { always, foldCondition, isHttpAtom, listAtoms, never, type Atom, type Condition } from './condition.ts';

/** Effect of the policy that a rule comes from. */
export type RuleEffect = 'ALLOW' | 'DENY';

function isPossible(rule: AccessRule): boolean {
  return rule.source.kind !== 'never' && rule.target.kind !== 'never';
}

function foldRules(
  rules: readonly AccessRule[],
  judge: (atom: Atom, isNegated: boolean) => Condition | undefined,
): readonly AccessRule[] {
  return rules
    .map((rule) => ({
      id: rule.id,
      source: foldCondition(rule.source, judge),
      target: foldCondition(rule.target, judge),
    }))
    .filter(isPossible);
}

/** Settles the port; port 0 stands for all ports but the declared ones. */
export function foldPort(
  rules: readonly AccessRule[],
  port: number,
  declared: ReadonlySet<number>,
): readonly AccessRule[] {
  return foldRules(rules, (atom) => {
    if (atom.kind !== 'port') return undefined;
    if (port === 0) return declared.has(atom.port) ? never : undefined;
    return atom.port === port ? always : never;
  });
}

/** An atom that cannot be judged counts against the caller: true in a DENY, false in an ALLOW. */
export function pessimistic(effect: RuleEffect, isNegated: boolean): Condition {
  return (effect === 'DENY') === isNegated ? never : always;
}

/** Settles atoms about HTTP for a port where no HTTP is seen. */
export function foldHttp(rules: readonly AccessRule[], effect: RuleEffect): readonly AccessRule[] {
  return foldRules(rules, (atom, isNegated) => (isHttpAtom(atom) ? pessimistic(effect, isNegated) : undefined));
}

/** True when a rule asks for something that only HTTP answers. */
export function usesHttp(rule: AccessRule): boolean {
  return [...listAtoms(rule.source), ...listAtoms(rule.target)].some(isHttpAtom);
}
