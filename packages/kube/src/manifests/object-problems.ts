// SPDX-License-Identifier: Apache-2.0
import { policyKinds } from '@signet/model';
import { canonicalAddress, endpointAddress } from '../convert/address.ts';
import { fieldsOf, listOf } from '../kube-object.ts';

/** What is wrong with a field, for people. */
export interface ObjectProblem {
  readonly path: readonly (string | number)[];
  readonly reason: string;
}

// RFC 1123, as the API server demands of names of the kinds that are read.
const namePattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

type Path = readonly (string | number)[];
type Check = (value: unknown, path: Path) => readonly ObjectProblem[];

function problem(path: Path, reason: string): readonly ObjectProblem[] {
  return [{ path, reason }];
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a map'
      : `${typeof value} ${JSON.stringify(value)}`;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const text: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : problem(path, `expected text, found ${kindOf(value)}`);

const map: Check = (value, path) => (isMap(value) ? [] : problem(path, `expected a map, found ${kindOf(value)}`));

function pattern(expected: RegExp, what: string): Check {
  return (value, path) =>
    typeof value === 'string' && expected.test(value) ? [] : problem(path, `expected ${what}, found ${kindOf(value)}`);
}

const textMap: Check = (value, path) => {
  if (!isMap(value)) return map(value, path);
  return Object.entries(fieldsOf(value)).flatMap(([key, one]) =>
    typeof one === 'string' ? [] : problem([...path, key], `expected text, found ${kindOf(one)}; quote it`),
  );
};

const portNumber: Check = (value, path) =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535
    ? []
    : problem(path, `expected a port from 1 to 65535, found ${kindOf(value)}`);

const portReference: Check = (value, path) => (typeof value === 'string' ? text(value, path) : portNumber(value, path));

const integer: Check = (value, path) =>
  Number.isInteger(value) && Number(value) >= 0 ? [] : problem(path, `expected a count, found ${kindOf(value)}`);

const boolean: Check = (value, path) =>
  typeof value === 'boolean' ? [] : problem(path, `expected true or false, found ${kindOf(value)}`);

function optional(check: Check): Check {
  return (value, path) => (value === undefined || value === null ? [] : check(value, path));
}

function list(check: Check): Check {
  return (value, path) =>
    Array.isArray(value)
      ? listOf(value).flatMap((one, n) => check(one, [...path, n]))
      : problem(path, `expected a list, found ${kindOf(value)}`);
}

function shape(checks: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isMap(value)) return map(value, path);
    return Object.entries(checks).flatMap(([key, check]) => check(fieldsOf(value)[key], [...path, key]));
  };
}

const container = shape({
  name: text,
  image: optional(text),
  command: optional(list(text)),
  ports: optional(list(shape({ name: optional(text), containerPort: portNumber, protocol: optional(text) }))),
});
const podSpec = shape({
  containers: list(container),
  initContainers: optional(list(container)),
  serviceAccountName: optional(text),
  nodeName: optional(text),
  hostNetwork: optional(boolean),
});
const selector = shape({ matchLabels: optional(textMap), matchExpressions: optional(list(map)) });
const template = shape({
  metadata: optional(shape({ labels: optional(textMap), annotations: optional(textMap) })),
  spec: podSpec,
});
const controllerSpec = shape({ replicas: optional(integer), selector, template });
const servicePort = shape({
  name: optional(text),
  port: portNumber,
  targetPort: optional(portReference),
  protocol: optional(text),
  appProtocol: optional(text),
});

const address: Check = (value, path) => {
  if (typeof value !== 'string') return text(value, path);
  const checked = endpointAddress(value);
  return checked.ok ? [] : problem(path, `${value} ${checked.error}`);
};
const clusterAddress: Check = (value, path) =>
  value === '' || value === 'None' || (typeof value === 'string' && canonicalAddress(value) !== undefined)
    ? []
    : problem(path, `expected None or an IP address, found ${kindOf(value)}`);

function slice(value: unknown): readonly ObjectProblem[] {
  const isNamed = fieldsOf(value)['addressType'] === 'FQDN';
  const endpoint = shape({ addresses: list(isNamed ? text : address) });
  const port = shape({ name: optional(text), port: optional(portNumber), protocol: optional(text) });
  return shape({ addressType: text, endpoints: optional(list(endpoint)), ports: optional(list(port)) })(value, []);
}

const specs: Readonly<Record<string, Check>> = {
  Service: shape({
    selector: optional(textMap),
    clusterIP: optional(clusterAddress),
    clusterIPs: optional(list(clusterAddress)),
    ports: optional(list(servicePort)),
    publishNotReadyAddresses: optional(boolean),
  }),
  Pod: podSpec,
  Deployment: controllerSpec,
  ReplicaSet: shape({ replicas: optional(integer), selector, template: optional(template) }),
  StatefulSet: controllerSpec,
  DaemonSet: controllerSpec,
  Job: shape({ selector: optional(selector), template }),
  // Whether a policy says something sensible is for the compiler, which has a status for it.
  ...Object.fromEntries(policyKinds.map(({ kind }) => [kind, optional(map)])),
};

const metadata = shape({
  name: pattern(namePattern, 'a lower-case name'),
  namespace: optional(pattern(namespacePattern, 'the name of a namespace')),
  uid: optional(text),
  labels: optional(textMap),
  annotations: optional(textMap),
  ownerReferences: optional(
    list(shape({ apiVersion: text, kind: text, name: text, uid: text, controller: optional(boolean) })),
  ),
});
const header = shape({ apiVersion: text, kind: text });
const anyMetadata = shape({ name: text });

/** Problems of one object's form. Kinds that are not read are checked for a header only. */
export function listObjectProblems(value: unknown): readonly ObjectProblem[] {
  const headerProblems = header(value, []);
  if (headerProblems.length > 0) return headerProblems;
  const { kind, metadata: meta, spec } = fieldsOf(value);
  const check = typeof kind === 'string' ? specs[kind] : undefined;
  const isKnown = check !== undefined || kind === 'Namespace' || kind === 'EndpointSlice';
  return [
    ...(isKnown ? metadata : anyMetadata)(meta, ['metadata']),
    ...(check?.(spec, ['spec']) ?? []),
    ...(kind === 'EndpointSlice' ? slice(value) : []),
  ];
}
