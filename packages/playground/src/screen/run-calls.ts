// SPDX-License-Identifier: Apache-2.0
import type { Workload__Output } from '@signet/proto';
import { sampleCallCommand } from '../kubelet/image-catalogue.ts';
import { execInPod } from '../launcher/exec-client.ts';
import type { CallResult } from '../sample/call-result.ts';
import { callTarget, parseDeclaredCalls, type DeclaredCall } from './declared-calls.ts';

/** A declared call with what came of it. */
export interface MadeCall {
  readonly from: Workload__Output;
  readonly call: DeclaredCall;
  readonly results: readonly CallResult[];
}

const repetitions = 4;
const timeoutMs = 60_000;
const rootsInPod = '/var/run/secrets/signet.dev/roots.pem';

/** Makes every call that a pod declares, several times each on a connection of its own, from inside that pod. */
export async function runDeclaredCalls(from: Workload__Output, execSocket: string): Promise<readonly MadeCall[]> {
  const declared = parseDeclaredCalls(from.annotations);
  if (!declared.ok) throw new Error(`${from.namespace}/${from.name}: ${declared.error}`);
  if (declared.value.length === 0) return [];
  const targets = declared.value.map((call) => callTarget(call, from.namespace));
  const command = sampleCallCommand(['--count', String(repetitions), '--ca', rootsInPod, ...targets]);
  const { code, stdout, stderr } = await execInPod(
    execSocket,
    { namespace: from.namespace, pod: from.name, command },
    timeoutMs,
  );
  if (code !== 0) throw new Error(`${from.namespace}/${from.name}: the calls could not be made: ${stderr.trim()}`);
  const results = JSON.parse(stdout) as readonly CallResult[];
  return declared.value.map((call, index) => ({
    from,
    call,
    results: results.filter((result) => result.target === targets[index]),
  }));
}
