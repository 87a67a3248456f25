// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyObject } from '@signet/model';
import type { TransportMode } from '../access-graph.ts';
import type { CompileContext } from '../authorization-policy/compile-authorization.ts';
import { isRestricting, readSelector } from '../selector.ts';
import { createSpecReader, isSet, parsePort, type SpecReader } from '../spec-reader.ts';
import {
  strictTransport,
  unsetTransport,
  type TransportOutcome,
  type TransportScope,
  type TransportSetting,
} from '../transport-setting.ts';

const modes: Readonly<Record<string, TransportMode | undefined>> = {
  UNSET: undefined,
  DISABLE: 'PLAINTEXT',
  PERMISSIVE: 'PERMISSIVE',
  STRICT: 'MUTUAL_TLS',
};

function readMutualTls(value: unknown, path: string, reader: SpecReader): TransportSetting {
  if (!isSet(value)) return unsetTransport;
  const mode = reader.fields(value, path, ['mode'])?.['mode'];
  if (!isSet(mode)) return unsetTransport;
  if (typeof mode === 'string' && Object.hasOwn(modes, mode)) return { ...unsetTransport, mode: modes[mode] };
  reader.report('Invalid', `${path}.mode must be UNSET, DISABLE, PERMISSIVE or STRICT`);
  return unsetTransport;
}

function readPorts(value: unknown, reader: SpecReader): ReadonlyMap<number, TransportSetting> {
  const ports = new Map<number, TransportSetting>();
  if (!isSet(value)) return ports;
  if (typeof value !== 'object' || Array.isArray(value)) {
    reader.report('Invalid', 'spec.portLevelMtls must be an object by port number');
    return ports;
  }
  for (const [name, entry] of Object.entries(value as object)) {
    const port = parsePort(name);
    const path = `spec.portLevelMtls.${name}`;
    if (port === undefined) reader.report('Invalid', `${path}: not a port number`);
    else ports.set(port, readMutualTls(entry, path, reader));
  }
  return ports;
}

/** Scope of a transport policy, from its namespace and selector. */
export function transportScope(namespace: string, isSelecting: boolean, rootNamespace: string): TransportScope {
  if (isSelecting) return 'workload';
  return namespace === rootNamespace ? 'mesh' : 'namespace';
}

/** Compiles one PeerAuthentication. An invalid one means STRICT for its whole target. */
export function compilePeerAuthentication(policy: PolicyObject, context: CompileContext): TransportOutcome {
  const reader = createSpecReader();
  const spec = reader.fields(policy.spec ?? {}, 'spec', ['selector', 'mtls', 'portLevelMtls']);
  const selector = readSelector(spec?.['selector'], 'spec.selector', reader);
  const setting = readMutualTls(spec?.['mtls'], 'spec.mtls', reader);
  let ports = readPorts(spec?.['portLevelMtls'], reader);
  const isInvalid = reader.problems.length > 0;
  if (isInvalid) reader.report('Invalid', 'STRICT holds for the whole target because of this');
  if (policy.namespace === context.rootNamespace && isRestricting(selector)) {
    reader.report('NotHonoured', 'spec.selector in the root namespace: the policy is ignored, as in Istio');
    return { compiled: undefined, problems: reader.problems };
  }
  if (ports.size > 0 && !isRestricting(selector)) {
    reader.report('NotHonoured', 'spec.portLevelMtls needs spec.selector: the ports are ignored, as in Istio');
    ports = new Map();
  }
  return {
    problems: reader.problems,
    compiled: {
      key: policyKey(policy),
      kind: policy.kind,
      namespace: policy.namespace,
      createdAt: policy.createdAt,
      scope: transportScope(policy.namespace, isRestricting(selector), context.rootNamespace),
      selector,
      setting: isInvalid ? strictTransport : setting,
      ports: isInvalid ? new Map() : ports,
      permissiveUntil: undefined,
    },
  };
}
