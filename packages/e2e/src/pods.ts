// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import type { CommandResult } from './command.ts';
import { repositoryDir, type Playground } from './playground.ts';

const sampleMain = path.join(repositoryDir, 'packages/playground/src/sample/main.ts');

/** The part of a workload that the tests look at. */
export interface WorkloadRow {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly workloadName: string;
  readonly ips: readonly string[];
  readonly enrolled: boolean;
  readonly spiffeId: string;
  readonly certificate: { readonly serial: string } | null;
}

/** One result of the sample's one-shot mode. */
export interface SampleCall {
  readonly target: string;
  readonly outcome: 'ok' | 'refused' | 'error';
  readonly status?: number;
  readonly pod?: string;
  readonly message: string;
  readonly bytes: number;
}

/** Every pod that discovery knows. */
export async function listWorkloads(mesh: Playground): Promise<readonly WorkloadRow[]> {
  return (await mesh.signetJson<{ workloads: WorkloadRow[] }>(['workloads'])).workloads;
}

/** The first pod, as NAMESPACE/POD order, of a workload. */
export async function findPod(mesh: Playground, namespace: string, workload: string): Promise<WorkloadRow> {
  const pod = (await listWorkloads(mesh)).find((row) => row.namespace === namespace && row.workloadName === workload);
  if (pod === undefined) throw new Error(`no pod of ${namespace}/${workload}`);
  return pod;
}

/** `NAMESPACE/POD` as the command line wants it. */
export function podName(pod: WorkloadRow): string {
  return `${pod.namespace}/${pod.name}`;
}

/** Makes calls with the sample's one-shot mode inside a pod. */
export async function callFrom(
  mesh: Playground,
  pod: WorkloadRow,
  args: readonly string[],
): Promise<readonly SampleCall[]> {
  const result = await mesh.exec(podName(pod), [process.execPath, sampleMain, 'call', ...args], 300_000);
  if (result.code !== 0) throw new Error(`calls from ${podName(pod)} failed: ${result.stderr}`);
  return JSON.parse(result.stdout) as SampleCall[];
}

/** Runs a small Node program inside a pod. */
export function runInPod(mesh: Playground, pod: WorkloadRow, program: string): Promise<CommandResult> {
  return mesh.exec(podName(pod), [process.execPath, '--input-type=module', '-e', program], 60_000);
}

/** GETs a path of the pod's Envoy admin interface. */
export async function readEnvoyAdmin(mesh: Playground, pod: WorkloadRow, requestPath: string): Promise<string> {
  const url = `http://127.0.0.1:15000${requestPath}`;
  const result = await runInPod(mesh, pod, `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`);
  if (result.code !== 0) throw new Error(`${url} in ${podName(pod)}: ${result.stderr}`);
  return result.stdout;
}

/** Connections that the sample application in a pod has counted from elsewhere. */
export async function countConnections(mesh: Playground, pod: WorkloadRow): Promise<number> {
  const url = 'http://127.0.0.1:8080/count';
  const result = await runInPod(mesh, pod, `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`);
  const { connections } = JSON.parse(result.stdout) as { connections: number };
  return connections;
}

/** Counts results by outcome. */
export function tally(calls: readonly SampleCall[]): Readonly<Record<SampleCall['outcome'], number>> {
  const counts = { ok: 0, refused: 0, error: 0 };
  for (const call of calls) counts[call.outcome] += 1;
  return counts;
}
