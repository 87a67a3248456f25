// SPDX-License-Identifier: Apache-2.0
import type { AccessRule, Condition, IpRange } from '@signet/policy';
import { envoy } from '@signet/proto';
import { defaultRuleId } from './names.ts';
import { stringMatcher } from './string-matcher.ts';

const { Action } = envoy.config.rbac.v3.RBAC;

type Rules = envoy.config.rbac.v3.RBAC.$Properties;
type Permission = envoy.config.rbac.v3.Permission.$Properties;
type Principal = envoy.config.rbac.v3.Principal.$Properties;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher.$Properties;
type HttpAtom = Extract<Condition, { kind: 'method' | 'path' | 'host' | 'header' }>;

function cidrRange(range: IpRange): envoy.config.core.v3.CidrRange.$Properties {
  return { addressPrefix: range.address, prefixLen: { value: range.prefixLength } };
}

const headerOf = { method: ':method', path: ':path', host: ':authority' } as const;

function headerMatcher(atom: HttpAtom): HeaderMatcher {
  const name = atom.kind === 'header' ? atom.name : headerOf[atom.kind];
  if (atom.match.kind === 'present') return { name, presentMatch: true };
  const matcher = stringMatcher(atom.match);
  const isCaseless = atom.kind === 'host' && atom.match.kind !== 'regex';
  return { name, stringMatch: isCaseless ? { ...matcher, ignoreCase: true } : matcher };
}

/** Whether a request with an escaped slash in its path counts as one that a condition on the path means. */
type Ambiguity = 'matches' | 'differs';

/**
 * `%2F` and `%5C` are a part of a segment to some applications and end it to others, which Envoy cannot know. Beside a
 * condition on the path such a request is taken for the worse: it meets what refuses and misses what admits. A condition
 * that names an escaped slash itself knows what it means.
 */
const escapedSlash: Permission = { urlPath: { path: stringMatcher({ kind: 'regex', value: '(?i:.*%(?:2f|5c).*)' }) } };
const escape = /%(?:2f|5c)/i;

function pathPermission(atom: Extract<Condition, { kind: 'path' }>, ambiguity: Ambiguity): Permission {
  if (atom.match.kind === 'present') return { header: headerMatcher(atom) };
  const matches: Permission = { urlPath: { path: stringMatcher(atom.match) } };
  if (escape.test(atom.match.value)) return matches;
  return ambiguity === 'matches'
    ? { orRules: { rules: [matches, escapedSlash] } }
    : { andRules: { rules: [matches, { notRule: escapedSlash }] } };
}

function permission(condition: Condition, ambiguity: Ambiguity): Permission {
  const inside = (one: Condition): Permission => permission(one, ambiguity);
  switch (condition.kind) {
    case 'always':
      return { any: true };
    case 'never':
      return { notRule: { any: true } };
    case 'all':
      return { andRules: { rules: condition.of.map(inside) } };
    case 'some':
      return { orRules: { rules: condition.of.map(inside) } };
    case 'not':
      return { notRule: permission(condition.of, ambiguity === 'matches' ? 'differs' : 'matches') };
    case 'port':
      return { destinationPort: condition.port };
    case 'destination-ip':
      return { destinationIp: cidrRange(condition.range) };
    case 'server-name':
      return { requestedServerName: stringMatcher(condition.match) };
    case 'path':
      return pathPermission(condition, ambiguity);
    case 'method':
    case 'host':
    case 'header':
      return { header: headerMatcher(condition) };
    case 'principal':
    case 'source-ip':
      throw new Error(`a condition on ${condition.kind} stands among those on the target`);
  }
}

function principal(condition: Condition): Principal {
  switch (condition.kind) {
    case 'always':
      return { any: true };
    case 'never':
      return { notId: { any: true } };
    case 'all':
      return { andIds: { ids: condition.of.map(principal) } };
    case 'some':
      return { orIds: { ids: condition.of.map(principal) } };
    case 'not':
      return { notId: principal(condition.of) };
    case 'principal':
      return { authenticated: { principalName: stringMatcher(condition.match) } };
    case 'source-ip':
      return { directRemoteIp: cidrRange(condition.range) };
    default:
      throw new Error(`a condition on ${condition.kind} stands among those on the source`);
  }
}

/** One filter's worth of rules; without a match an ALLOW refuses and a DENY lets pass. */
export function accessRules(action: 'ALLOW' | 'DENY', rules: readonly AccessRule[]): Rules {
  const ambiguity = action === 'DENY' ? 'matches' : 'differs';
  const policies = rules
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((rule): [string, envoy.config.rbac.v3.Policy.$Properties] => [
      rule.id,
      { permissions: [permission(rule.target, ambiguity)], principals: [principal(rule.source)] },
    ]);
  return { action: Action[action], policies: Object.fromEntries(policies) };
}

const everybody: AccessRule = { id: defaultRuleId, source: { kind: 'always' }, target: { kind: 'always' } };

/** The rules that admit: everybody, where no ALLOW policy selects the port. */
export function allowRules(port: { readonly allow: readonly AccessRule[]; readonly isAllowRequired: boolean }): Rules {
  return accessRules('ALLOW', port.isAllowRequired ? port.allow : [everybody]);
}
