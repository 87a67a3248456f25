// SPDX-License-Identifier: Apache-2.0
export type {
  AccessGraph,
  AccessRule,
  AdmittedIdentities,
  IdentityAddresses,
  OfferedEndpoint,
  OutboundAccess,
  PortAccess,
  ServiceAccess,
  ServicePortAccess,
  SocketAddress,
  TlsParameters,
  TransportMode,
  WorkloadAccess,
} from './access-graph.ts';
export type { CompileContext } from './authorization-policy/compile-authorization.ts';
export { compilePolicies, type CompiledPolicies, type CompileOptions } from './compile-policies.ts';
export type { Atom, Condition, IpRange, StringMatch } from './condition.ts';
export { evaluate, type EvaluateInput, type Evaluation } from './evaluate.ts';
export { accessOf, explainAccess, type AccessExplanation } from './explain-access.ts';
export { isIpv6Address } from './ip-range.ts';
export { foldHttp } from './rule-folding.ts';
export { transitionGraph } from './transition.ts';
export { isHttpProtocol } from './workload-access.ts';
