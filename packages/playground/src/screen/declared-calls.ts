// SPDX-License-Identifier: Apache-2.0
import { callsAnnotation, failure, success, type Result } from '@signet/model';
import { parse } from 'yaml';
import { z } from 'zod';
import { networkPlan } from '../network-plan.ts';

const callShape = z.strictObject({
  /** Service, or service.namespace. */
  to: z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/,
      'expected a Service, or service.namespace',
    ),
  port: z.number().int().min(1).max(65_535),
  protocol: z.enum(['http', 'https', 'grpc', 'tcp', 'banner']).default('http'),
  /** HTTP only. */
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'expected a method such as GET')
    .default('GET'),
  path: z.string().startsWith('/').default('/'),
  expected: z.enum(['allowed', 'refused']),
});

/** A call that a workload declares in its annotation; format in docs/demo.md. */
export type DeclaredCall = z.infer<typeof callShape>;

/** Reads a pod's annotation; absent means no calls. */
export function parseDeclaredCalls(annotations: Readonly<Record<string, string>>): Result<readonly DeclaredCall[]> {
  const text = annotations[callsAnnotation];
  if (text === undefined) return success([]);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return failure(`${callsAnnotation}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = z.array(callShape).safeParse(value);
  if (parsed.success) return success(parsed.data);
  return failure(
    `${callsAnnotation}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
  );
}

/** Service and namespace that a call goes to. */
export function calledService(
  call: DeclaredCall,
  callerNamespace: string,
): { readonly name: string; readonly namespace: string } {
  const [name = '', namespace = callerNamespace] = call.to.split('.');
  return { name, namespace };
}

/** What the sample's one-shot mode is given: `METHOD URL`. */
export function callTarget(call: DeclaredCall, callerNamespace: string): string {
  const { name, namespace } = calledService(call, callerNamespace);
  const host = `${name}.${namespace}.svc.${networkPlan.dnsDomain}`;
  return `${call.method} ${call.protocol}://${host}:${call.port}${call.path}`;
}
