// SPDX-License-Identifier: Apache-2.0
import type { AccessGraph, AccessRule, PortAccess } from './access-graph.ts';
import { all, foldCondition, matchesString, type Condition } from './condition.ts';

/** Why a caller may reach a port, or may not. */
export interface AccessExplanation {
  /** `conditional` when it depends on the request or the caller's address. */
  readonly verdict: 'allowed' | 'refused' | 'conditional';
  /** Rules that decide; for `allowed` those that admit, empty when no ALLOW policy selects the workload. */
  readonly rules: readonly string[];
  /** Policies in force on the port. */
  readonly policies: readonly string[];
  /** Policy that set the transport mode, or `default`. */
  readonly transport: string;
}

/** Settles principals for one caller; what depends on the request stays. */
function forCaller(rule: AccessRule, caller: string | undefined): Condition {
  return foldCondition(all([rule.source, rule.target]), (atom) => {
    if (atom.kind !== 'principal') return undefined;
    return caller !== undefined && matchesString(atom.match, caller) ? { kind: 'always' } : { kind: 'never' };
  });
}

/** The port's access, or that of undeclared ports. */
export function accessOf(graph: AccessGraph, workloadUid: string, port: number): PortAccess | undefined {
  const workload = graph.workloads.get(workloadUid);
  return workload?.ports.find((candidate) => candidate.port === port) ?? workload?.undeclared;
}

/** Answers «may this identity reach this port, and why»; a caller without certificate is undefined. */
export function explainAccess(
  graph: AccessGraph,
  question: { readonly caller: string | undefined; readonly workloadUid: string; readonly port: number },
): AccessExplanation | undefined {
  const access = accessOf(graph, question.workloadUid, question.port);
  if (access === undefined) return undefined;
  const common = { policies: access.policies, transport: access.modeSource };
  if (question.caller === undefined && access.mode === 'MUTUAL_TLS') {
    return { verdict: 'refused', rules: access.modeSource === 'default' ? [] : [access.modeSource], ...common };
  }
  const judge = (rules: readonly AccessRule[]) =>
    rules.map((rule) => ({ rule, held: forCaller(rule, question.caller).kind }));
  const deny = judge(access.deny);
  const allow = judge(access.allow);
  const ids = (list: typeof deny, kept: (kind: string) => boolean): readonly string[] =>
    list.filter(({ held }) => kept(held)).map(({ rule }) => rule.id);
  const denied = ids(deny, (kind) => kind === 'always');
  if (denied.length > 0) return { verdict: 'refused', rules: denied, ...common };
  const mayDeny = ids(deny, (kind) => kind !== 'never');
  const admitted = ids(allow, (kind) => kind === 'always');
  const mayAdmit = ids(allow, (kind) => kind !== 'never');
  if (access.isAllowRequired && mayAdmit.length === 0) return { verdict: 'refused', rules: [], ...common };
  const isAdmitted = !access.isAllowRequired || admitted.length > 0;
  if (isAdmitted && mayDeny.length === 0) return { verdict: 'allowed', rules: admitted, ...common };
  return { verdict: 'conditional', rules: [...mayAdmit, ...mayDeny], ...common };
}
