// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyObject } from '@signet/model';
import {
  compileAuthorization,
  type CompileContext,
  type CompiledAuthorization,
} from './authorization-policy/compile-authorization.ts';
import { compilePeerAuthentication } from './peer-authentication/compile-peer-authentication.ts';
import type { Problem } from './spec-reader.ts';
import { compileTransportPolicy } from './transport-policy/compile-transport-policy.ts';
import type { CompiledTransport } from './transport-setting.ts';

/** What the compiler made of one policy object. */
export interface CompiledPolicy {
  readonly object: PolicyObject;
  readonly authorization: CompiledAuthorization | undefined;
  readonly transport: CompiledTransport | undefined;
  readonly problems: readonly Problem[];
}

/** All policies, each read once. */
export interface CompiledPolicies {
  readonly context: CompileContext;
  /** By kind/namespace/name, sorted. */
  readonly byKey: ReadonlyMap<string, CompiledPolicy>;
}

/** Options of compilePolicies. */
export interface CompileOptions extends CompileContext {
  /** Result for the policies before; objects that did not change are taken from it. */
  readonly previous?: CompiledPolicies | undefined;
}

function compileOne(object: PolicyObject, context: CompileContext): CompiledPolicy {
  const nothing = { object, authorization: undefined, transport: undefined };
  switch (object.kind) {
    case 'AuthorizationPolicy': {
      const { compiled, problems } = compileAuthorization(object, context);
      return { ...nothing, authorization: compiled, problems };
    }
    case 'PeerAuthentication': {
      const { compiled, problems } = compilePeerAuthentication(object, context);
      return { ...nothing, transport: compiled, problems };
    }
    case 'TransportPolicy': {
      const { compiled, problems } = compileTransportPolicy(object, context);
      return { ...nothing, transport: compiled, problems };
    }
    case 'NetworkPolicy':
      return { ...nothing, problems: [] };
    default:
      return { ...nothing, problems: [{ reason: 'NotHonoured', message: `kind ${object.kind} is not honoured` }] };
  }
}

/** Compiles policy objects one by one; the order in which they come does not matter. */
export function compilePolicies(policies: Iterable<PolicyObject>, options: CompileOptions): CompiledPolicies {
  const context = { trustDomain: options.trustDomain, rootNamespace: options.rootNamespace };
  const { previous } = options;
  const isReusable =
    previous?.context.trustDomain === context.trustDomain && previous.context.rootNamespace === context.rootNamespace;
  const entries = [...policies].map((object): readonly [string, CompiledPolicy] => {
    const key = policyKey(object);
    const known = isReusable ? previous.byKey.get(key) : undefined;
    return [key, known?.object === object ? known : compileOne(object, context)];
  });
  return { context, byKey: new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}
