// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyObject } from '@signet/model';
import type { AccessRule } from '../access-graph.ts';
import { all, always, never, some } from '../condition.ts';
import { readSelector, type Selector } from '../selector.ts';
import { createSpecReader, isSet, type Problem, type SpecReader } from '../spec-reader.ts';
import { readOperation } from './operation.ts';
import { readSource, type SourceContext } from './source.ts';
import { readWhen } from './when.ts';

/** An AuthorizationPolicy, ready to be applied. */
export interface CompiledAuthorization {
  readonly key: string;
  readonly namespace: string;
  readonly action: 'ALLOW' | 'DENY';
  readonly selector: Selector;
  /** In the root namespace: for pods of all namespaces. */
  readonly isMeshWide: boolean;
  readonly rules: readonly AccessRule[];
}

/** What the compiler made of one object. */
export interface AuthorizationOutcome {
  /** Undefined when the object has no effect on traffic. */
  readonly compiled: CompiledAuthorization | undefined;
  readonly problems: readonly Problem[];
}

/** What a compiler must know of the mesh. */
export interface CompileContext {
  readonly trustDomain: string;
  readonly rootNamespace: string;
}

const dryRunAnnotation = 'istio.io/dry-run';
const specFields = ['selector', 'action', 'rules', 'targetRef', 'targetRefs', 'provider'];

function readRule(
  value: unknown,
  path: string,
  at: { context: SourceContext; reader: SpecReader },
): Omit<AccessRule, 'id'> {
  const { reader } = at;
  // An empty entry is how Istio's users write «everything».
  const rule = reader.fields(value ?? {}, path, ['from', 'to', 'when']);
  if (rule === undefined) return { source: never, target: never };
  const sources = isSet(rule['from'])
    ? some(
        reader.list(rule['from'], `${path}.from`).map((entry, index) => {
          const from = reader.fields(entry, `${path}.from[${index}]`, ['source']);
          return readSource(from?.['source'], `${path}.from[${index}].source`, at);
        }),
      )
    : always;
  const operations = isSet(rule['to'])
    ? some(
        reader.list(rule['to'], `${path}.to`).map((entry, index) => {
          const to = reader.fields(entry, `${path}.to[${index}]`, ['operation']);
          return readOperation(to?.['operation'], `${path}.to[${index}].operation`, reader);
        }),
      )
    : always;
  const whens = isSet(rule['when'])
    ? reader.list(rule['when'], `${path}.when`).map((entry, index) => readWhen(entry, `${path}.when[${index}]`, at))
    : [];
  return {
    source: all([sources, ...whens.map((when) => when.source)]),
    target: all([operations, ...whens.map((when) => when.target)]),
  };
}

type Action = CompiledAuthorization['action'];

/** The action that is enforced, and whether the object is invalid as a whole. */
function readAction(value: unknown, reader: SpecReader): { action: Action | undefined; isUnreadable: boolean } {
  switch (value ?? 'ALLOW') {
    case 'ALLOW':
      return { action: 'ALLOW', isUnreadable: false };
    case 'DENY':
      return { action: 'DENY', isUnreadable: false };
    case 'AUDIT':
      reader.report('NotHonoured', 'spec.action AUDIT is not honoured: the policy has no effect');
      return { action: undefined, isUnreadable: false };
    case 'CUSTOM':
      reader.report('NotHonoured', 'spec.action CUSTOM is not honoured: what its rules match is refused');
      return { action: 'DENY', isUnreadable: false };
    default:
      reader.report('Invalid', 'spec.action must be ALLOW or DENY: the whole target is refused');
      return { action: 'DENY', isUnreadable: true };
  }
}

function readRules(
  spec: { readonly rules: unknown; readonly key: string },
  context: SourceContext,
  reader: SpecReader,
): readonly AccessRule[] {
  if (!isSet(spec.rules)) return [];
  if (!Array.isArray(spec.rules)) {
    reader.report('Invalid', 'spec.rules must be a list');
    return context.action === 'DENY' ? [{ id: `${spec.key}/0`, source: always, target: always }] : [];
  }
  return spec.rules.flatMap((entry: unknown, index): readonly AccessRule[] => {
    const id = `${spec.key}/${index}`;
    const own = createSpecReader();
    const rule = readRule(entry, `spec.rules[${index}]`, { context, reader: own });
    for (const problem of own.problems) reader.report(problem.reason, problem.message);
    if (own.problems.length === 0) return [{ id, ...rule }];
    if (context.action === 'ALLOW') {
      reader.report('Invalid', `spec.rules[${index}] admits nobody because of this`);
      return [];
    }
    reader.report('Invalid', `spec.rules[${index}] refuses everything that the policy selects because of this`);
    return [{ id, source: always, target: always }];
  });
}

/** Compiles one AuthorizationPolicy. What is invalid admits nobody in an ALLOW and refuses everybody in a DENY. */
export function compileAuthorization(policy: PolicyObject, context: CompileContext): AuthorizationOutcome {
  const reader = createSpecReader();
  const key = policyKey(policy);
  const spec = reader.fields(policy.spec ?? {}, 'spec', specFields);
  const isTargeted = isSet(spec?.['targetRef']) || isSet(spec?.['targetRefs']);
  if (isTargeted) {
    reader.report('NotHonoured', 'spec.targetRefs is not honoured: the policy applies to no pod');
    return { compiled: undefined, problems: reader.problems };
  }
  if (policy.annotations[dryRunAnnotation] === 'true') {
    reader.report(
      'NotHonoured',
      `annotation ${dryRunAnnotation}: the policy is not enforced, and its verdicts are not shown yet`,
    );
    return { compiled: undefined, problems: reader.problems };
  }
  const { action, isUnreadable } = readAction(spec?.['action'], reader);
  if (action === undefined) return { compiled: undefined, problems: reader.problems };
  if (isSet(spec?.['provider'])) reader.report('NotHonoured', 'spec.provider is not honoured');
  const selector = readSelector(spec?.['selector'], 'spec.selector', reader);
  // Anything that is not merely left out makes the target or the meaning uncertain.
  const isUncertain = isUnreadable || reader.problems.some((problem) => problem.reason !== 'NotHonoured');
  const ruleContext = { trustDomain: context.trustDomain, namespace: policy.namespace, action };
  let rules = readRules({ rules: spec?.['rules'], key }, ruleContext, reader);
  if (isUncertain) rules = action === 'DENY' ? [{ id: `${key}/0`, source: always, target: always }] : [];
  const isMeshWide = policy.namespace === context.rootNamespace;
  return {
    compiled: { key, namespace: policy.namespace, action, selector, isMeshWide, rules },
    problems: reader.problems,
  };
}
