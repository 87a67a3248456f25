// SPDX-License-Identifier: Apache-2.0
import type { AppProtocol } from '@signet/model';
import type { AccessRule, PortAccess, TransportMode } from './access-graph.ts';
import { admittedIdentities } from './admitted-identities.ts';
import type { ApplicablePolicies } from './applicable-policies.ts';
import { listAtoms } from './condition.ts';
import { effectiveTransport, rankTransports } from './effective-transport.ts';
import { foldHttp, foldPort, usesHttp } from './rule-folding.ts';

/** Ports of a workload under its policies. */
export interface PortsAccess {
  readonly ports: readonly PortAccess[];
  readonly undeclared: PortAccess;
  /** What a policy cannot do on these ports: key of the policy, then sentences. */
  readonly remarks: readonly (readonly [key: string, remark: string])[];
}

/** What portsAccess depends on. */
export interface PortsAccessInput {
  readonly declared: ReadonlyMap<number, AppProtocol>;
  readonly policies: ApplicablePolicies;
  /** Identities of the mesh, sorted. */
  readonly knownIdentities: readonly string[];
  readonly now: Date | undefined;
}

/** True for ports on which requests are seen. */
export function isHttpProtocol(protocol: AppProtocol): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc';
}

type Remark = readonly [key: string, remark: string];

function policyOf(rule: AccessRule): string {
  return rule.id.slice(0, rule.id.lastIndexOf('/'));
}

function httpRemarks(rules: readonly AccessRule[], port: number, effect: 'ALLOW' | 'DENY'): readonly Remark[] {
  if (port === 0) return [];
  return rules.filter(usesHttp).map((rule): Remark => {
    const index = rule.id.slice(rule.id.lastIndexOf('/') + 1);
    const outcome =
      effect === 'ALLOW' ? 'the rule admits nobody there' : 'what they say is left out, so the rule refuses more there';
    return [
      policyOf(rule),
      `spec.rules[${index}] has HTTP attributes, and port ${port} is not an HTTP port: ${outcome}`,
    ];
  });
}

function serverFirstRemarks(rules: readonly AccessRule[], port: number): readonly Remark[] {
  return rules
    .filter((rule) => [...listAtoms(rule.source), ...listAtoms(rule.target)].some((atom) => atom.kind !== 'principal'))
    .map((rule) => [
      policyOf(rule),
      `port ${port} is server-first: only principals can be judged before the server speaks`,
    ]);
}

function settleMode(mode: TransportMode, protocol: AppProtocol): TransportMode {
  return protocol === 'server-first' && mode === 'PERMISSIVE' ? 'MUTUAL_TLS' : mode;
}

function portAccess(
  port: number,
  protocol: AppProtocol,
  input: PortsAccessInput,
): { access: PortAccess; remarks: readonly Remark[] } {
  const { authorizations, transports } = input.policies;
  const transport = effectiveTransport(rankTransports(transports), port, input.now);
  const mode = settleMode(transport.mode, protocol);
  const declared = new Set(input.declared.keys());
  const rulesOf = (action: 'ALLOW' | 'DENY'): readonly AccessRule[] =>
    foldPort(
      authorizations.filter((policy) => policy.action === action).flatMap((policy) => policy.rules),
      port,
      declared,
    );
  const [rawAllow, rawDeny] = [rulesOf('ALLOW'), rulesOf('DENY')];
  const isHttp = isHttpProtocol(protocol);
  const allow = isHttp ? rawAllow : foldHttp(rawAllow, 'ALLOW');
  const deny = isHttp ? rawDeny : foldHttp(rawDeny, 'DENY');
  const isAllowRequired = authorizations.some((policy) => policy.action === 'ALLOW');
  const isServerFirst = protocol === 'server-first';
  const remarks = [
    ...(isHttp ? [] : [...httpRemarks(rawAllow, port, 'ALLOW'), ...httpRemarks(rawDeny, port, 'DENY')]),
    ...(isServerFirst ? serverFirstRemarks([...allow, ...deny], port) : []),
    ...(mode === transport.mode
      ? []
      : [
          [
            transport.modeSource,
            `port ${port} is server-first and cannot be PERMISSIVE: MUTUAL_TLS holds there`,
          ] as const,
        ]),
  ];
  const access: PortAccess = {
    port,
    protocol,
    mode,
    modeSource: transport.modeSource,
    tls: transport.tls,
    isPlaintextForClients: mode === 'PLAINTEXT',
    deny,
    allow,
    isAllowRequired,
    policies: authorizations.map((policy) => policy.key),
    admitted: isServerFirst ? admittedIdentities({ allow, deny, isAllowRequired }, input.knownIdentities) : undefined,
  };
  return { access, remarks };
}

/** Puts policies and ports of one workload together. */
export function portsAccess(input: PortsAccessInput): PortsAccess {
  // Ports that only a policy names get a setting of their own as well.
  const named = input.policies.transports.flatMap((policy) => [...policy.ports.keys()]);
  const protocols = new Map(input.declared);
  for (const port of named) if (!protocols.has(port)) protocols.set(port, 'tcp');
  const full = { ...input, declared: protocols };
  const results = [...protocols]
    .toSorted(([a], [b]) => a - b)
    .map(([port, protocol]) => portAccess(port, protocol, full));
  const undeclared = portAccess(0, 'tcp', full);
  return {
    ports: results.map((result) => result.access),
    undeclared: undeclared.access,
    remarks: [...results, undeclared].flatMap((result) => result.remarks),
  };
}
