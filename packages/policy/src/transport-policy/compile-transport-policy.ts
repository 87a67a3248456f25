// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyObject } from '@signet/model';
import type { TransportMode } from '../access-graph.ts';
import type { CompileContext } from '../authorization-policy/compile-authorization.ts';
import { transportScope } from '../peer-authentication/compile-peer-authentication.ts';
import { isRestricting, readSelector } from '../selector.ts';
import { createSpecReader, isSet, parsePort, type Fields, type SpecReader } from '../spec-reader.ts';
import { strictTransport, unsetTransport, type TransportOutcome, type TransportSetting } from '../transport-setting.ts';

const modes: readonly TransportMode[] = ['MUTUAL_TLS', 'PERMISSIVE', 'SIMPLE_TLS', 'PLAINTEXT'];
const versions: Readonly<Record<string, 'TLSv1_2' | 'TLSv1_3'>> = { TLSV1_2: 'TLSv1_2', TLSV1_3: 'TLSv1_3' };

/** Names that Envoy's TLS library knows and that give forward secrecy with authenticated encryption. */
export const supportedCiphers: readonly string[] = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

const settingFields = ['mode', 'minimumTlsVersion', 'ciphers'];

function readMode(value: unknown, path: string, reader: SpecReader): TransportMode | undefined {
  if (!isSet(value)) return undefined;
  const mode = modes.find((candidate) => candidate === value);
  if (mode === undefined) reader.report('Invalid', `${path} must be one of ${modes.join(', ')}`);
  return mode;
}

function readVersion(value: unknown, path: string, reader: SpecReader): TransportSetting['minimumVersion'] {
  if (!isSet(value)) return undefined;
  const version = typeof value === 'string' && Object.hasOwn(versions, value) ? versions[value] : undefined;
  if (version === undefined) reader.report('UnsupportedValue', `${path} must be TLSV1_2 or TLSV1_3`);
  return version;
}

function readCiphers(value: unknown, path: string, reader: SpecReader): readonly string[] | undefined {
  if (!isSet(value)) return undefined;
  const names = reader.texts(value, path);
  const unknown = names.filter((name) => !supportedCiphers.includes(name));
  for (const name of unknown)
    reader.report('UnsupportedValue', `${path}: ${name} is not one of ${supportedCiphers.join(', ')}`);
  return names;
}

function readSetting(fields: Fields | undefined, path: string, reader: SpecReader): TransportSetting {
  if (fields === undefined) return unsetTransport;
  return {
    mode: readMode(fields['mode'], `${path}.mode`, reader),
    minimumVersion: readVersion(fields['minimumTlsVersion'], `${path}.minimumTlsVersion`, reader),
    ciphers: readCiphers(fields['ciphers'], `${path}.ciphers`, reader),
  };
}

function readPorts(value: unknown, reader: SpecReader): ReadonlyMap<number, TransportSetting> {
  const ports = new Map<number, TransportSetting>();
  if (!isSet(value)) return ports;
  for (const [index, entry] of reader.list(value, 'spec.ports').entries()) {
    const path = `spec.ports[${index}]`;
    const fields = reader.fields(entry, path, ['port', ...settingFields]);
    const port = parsePort(fields?.['port']);
    if (port === undefined) reader.report('Invalid', `${path}.port must be a port number`);
    else if (ports.has(port)) reader.report('Invalid', `${path}.port ${port} is listed twice`);
    else ports.set(port, readSetting(fields, path, reader));
  }
  return ports;
}

function readInstant(value: unknown, reader: SpecReader): Date | undefined {
  if (!isSet(value)) return undefined;
  const text = value instanceof Date ? value.toISOString() : value;
  const isRfc3339 = typeof text === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const instant = isRfc3339 ? new Date(text) : undefined;
  if (instant !== undefined && !Number.isNaN(instant.getTime())) return instant;
  reader.report('Invalid', 'spec.permissiveUntil must be an instant such as 2027-01-31T12:00:00Z');
  return undefined;
}

/** Compiles one TransportPolicy. An invalid one means MUTUAL_TLS for its whole target. */
export function compileTransportPolicy(policy: PolicyObject, context: CompileContext): TransportOutcome {
  const reader = createSpecReader();
  const spec = reader.fields(policy.spec ?? {}, 'spec', ['selector', 'ports', 'permissiveUntil', ...settingFields]);
  const selector = readSelector(spec?.['selector'], 'spec.selector', reader);
  const setting = readSetting(spec, 'spec', reader);
  const ports = readPorts(spec?.['ports'], reader);
  const permissiveUntil = readInstant(spec?.['permissiveUntil'], reader);
  const isInvalid = reader.problems.length > 0;
  if (isInvalid) reader.report('Invalid', 'MUTUAL_TLS holds for the whole target because of this');
  if (policy.namespace === context.rootNamespace && isRestricting(selector)) {
    reader.report('NotHonoured', 'spec.selector in the root namespace: the policy is ignored');
    return { compiled: undefined, problems: reader.problems };
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
      permissiveUntil: isInvalid ? undefined : permissiveUntil,
    },
  };
}
