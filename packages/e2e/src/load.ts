// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryDir, type Playground } from './playground.ts';
import { podName, runInPod, type WorkloadRow } from './pods.ts';

const sampleMain = path.join(repositoryDir, 'packages/playground/src/sample/main.ts');
const countsPort = 18_080;

/** What a load saw of one target. */
export interface LoadCounts {
  readonly target: string;
  readonly ok: number;
  readonly refused: number;
  readonly error: number;
  readonly lastFailure: string;
}

/** Calls that go on in a pod until they are stopped. */
export interface Load {
  counts(): Promise<readonly LoadCounts[]>;
  stop(): Promise<void>;
}

/** Starts a second sample process in a pod which calls each target `rate` times a second over kept connections. */
export async function startLoad(
  mesh: Playground,
  pod: WorkloadRow,
  options: { readonly targets: readonly string[]; readonly rate: number },
): Promise<Load> {
  const child = spawn(
    process.execPath,
    [
      ...[path.join(repositoryDir, 'packages/cli/bin/signet.mjs'), 'exec', podName(pod), '--'],
      ...[process.execPath, sampleMain, '--name=load', `--http=${countsPort}`, `--rate=${options.rate}`],
      ...options.targets.map((target) => `--call=${target}`),
    ],
    { stdio: 'ignore', env: { ...process.env, SIGNET_CONTEXT: path.join(mesh.stateDir, 'context.json') } },
  );
  const program = `process.stdout.write(await (await fetch('http://127.0.0.1:${countsPort}/calls')).text())`;
  return {
    async counts() {
      const result = await runInPod(mesh, pod, program);
      if (result.code !== 0) throw new Error(`no counts from ${podName(pod)}: ${result.stderr}`);
      return JSON.parse(result.stdout) as LoadCounts[];
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
