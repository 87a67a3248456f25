// SPDX-License-Identifier: Apache-2.0
import type { ContainerSpec, PodObject } from '../controller/kubernetes-objects.ts';

/** What `fieldRef` can name beside the pod itself. */
export interface PodFields {
  readonly podIp: string;
  readonly hostIp: string;
}

/** Environment of a container: the machine's PATH, the pod's name, and what the manifest says. */
export function containerEnvironment(
  container: ContainerSpec,
  pod: PodObject,
  fields: PodFields,
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: '/tmp',
    HOSTNAME: pod.metadata.name,
  };
  const compileCache = process.env['NODE_COMPILE_CACHE'];
  if (compileCache !== undefined) env['NODE_COMPILE_CACHE'] = compileCache;
  for (const { name, value, valueFrom } of container.env ?? []) {
    const fieldPath = valueFrom?.fieldRef?.fieldPath;
    env[name] = fieldPath === undefined ? expand(value ?? '', env) : fieldValue(fieldPath, pod, fields);
  }
  return env;
}

/** Replaces `$(NAME)` by the value of an earlier variable, as Kubernetes does; unknown names stay as they are. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    return (name === undefined ? undefined : env[name]) ?? match;
  });
}

function fieldValue(fieldPath: string, pod: PodObject, fields: PodFields): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (keyed !== null) return metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? '';
  const values: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName,
    'status.podIP': fields.podIp,
    'status.hostIP': fields.hostIp,
  };
  return values[fieldPath] ?? '';
}
