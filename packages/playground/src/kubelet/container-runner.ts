// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { startProcess, type ManagedProcess, type ProcessEnd } from '../child-process.ts';
import type { ContainerSpec, ContainerStatus } from '../controller/kubernetes-objects.ts';
import { createContainerProbes } from './container-probes.ts';
import type { ProbeTarget } from './probe-call.ts';

/** What a container runs as. */
export interface ContainerOptions {
  readonly spec: ContainerSpec;
  readonly command: readonly string[];
  readonly imageId: string;
  readonly logFile: string;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly target: ProbeTarget;
  readonly onChange: () => void;
}

/** A container that is started again when it ends, with back-off. */
export interface ContainerRunner {
  start(): void;
  status(): ContainerStatus;
  /** Ended for good. */
  isFinished(): boolean;
  /** Exit code of the last run. */
  exitCode(): number | null;
  stop(graceMs: number): Promise<void>;
}

const firstBackoffMs = 250;
const maxBackoffMs = 10_000;
const stableAfterMs = 30_000;
const badContainerGraceMs = 5000;

/** Makes the runner of one container. */
export function createContainerRunner(options: ContainerOptions): ContainerRunner {
  const { spec, target, onChange } = options;
  let current: ManagedProcess | undefined;
  let restarts = -1;
  let backoffMs = firstBackoffMs;
  let containerId = '';
  let isStopping = false;
  let end: (ProcessEnd & { readonly at: string }) | undefined;
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const probes = createContainerProbes({
    spec,
    target,
    onChange,
    onBad: () => void current?.stop(badContainerGraceMs),
  });
  const mayRestart = (code: number | null): boolean =>
    options.restartPolicy === 'Always' || (options.restartPolicy === 'OnFailure' && code !== 0);
  const isRunning = (): boolean => current?.isRunning() === true;

  const start = (): void => {
    restarts += 1;
    containerId = randomUUID().replaceAll('-', '');
    startedAt = Date.now();
    const args = [...target.enterArgs, '--', ...options.command];
    const started = startProcess({ command: 'nsenter', args, env: target.env, logFile: options.logFile });
    current = started;
    probes.begin();
    void started.ended.then((ended) => {
      // A container is its process group: nothing of it outlives the first process.
      started.signal('SIGKILL');
      onEnd(ended);
    });
  };
  const onEnd = (ended: ProcessEnd): void => {
    probes.end();
    end = { ...ended, at: new Date().toISOString() };
    if (!isStopping && mayRestart(ended.code)) {
      backoffMs = Date.now() - startedAt > stableAfterMs ? firstBackoffMs : Math.min(backoffMs * 2, maxBackoffMs);
      timer = setTimeout(start, backoffMs);
    }
    onChange();
  };

  return {
    start,
    status: () => ({
      name: spec.name,
      image: spec.image,
      imageID: options.imageId,
      containerID: `signet://${containerId}`,
      ready: probes.isReady(),
      started: probes.isStarted(),
      restartCount: Math.max(0, restarts),
      state: stateOf({ isRunning: isRunning(), startedAt, end }),
    }),
    isFinished: () => end !== undefined && !isRunning() && (isStopping || !mayRestart(end.code)),
    exitCode: () => end?.code ?? null,
    async stop(graceMs) {
      isStopping = true;
      clearTimeout(timer);
      probes.end();
      await current?.stop(graceMs);
    },
  };
}

function stateOf(run: {
  isRunning: boolean;
  startedAt: number;
  end: (ProcessEnd & { at: string }) | undefined;
}): Record<string, unknown> {
  if (run.isRunning) return { running: { startedAt: new Date(run.startedAt).toISOString() } };
  if (run.end === undefined) return { waiting: { reason: 'ContainerCreating' } };
  const { code, problem, at } = run.end;
  return {
    terminated: {
      exitCode: code ?? 137,
      reason: code === 0 ? 'Completed' : 'Error',
      finishedAt: at,
      ...(problem === undefined ? {} : { message: problem }),
    },
  };
}
