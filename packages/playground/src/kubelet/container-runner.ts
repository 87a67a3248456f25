// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { startProcess, type ManagedProcess, type ProcessEnd } from '../child-process.ts';
import type { ContainerSpec, ContainerStatus } from '../controller/kubernetes-objects.ts';
import { callProbe, type ProbeKind, type ProbeTarget } from './probe-call.ts';
import { startProber, type Prober } from './prober.ts';

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

/** Makes the runner of one container. */
export function createContainerRunner(options: ContainerOptions): ContainerRunner {
  const { spec, target, onChange } = options;
  let process_: ManagedProcess | undefined;
  let probers: Prober[] = [];
  let isReady = false;
  let isStarted = false;
  let restarts = -1;
  let backoffMs = firstBackoffMs;
  let containerId = '';
  let isStopping = false;
  let end: (ProcessEnd & { readonly at: string }) | undefined;
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const stopProbers = (): void => {
    for (const prober of probers) prober.stop();
    probers = [];
  };
  const probe = (kind: ProbeKind, onVerdict: (isGood: boolean) => void): boolean => {
    const declared = { livez: spec.livenessProbe, readyz: spec.readinessProbe, startupz: spec.startupProbe }[kind];
    if (declared === undefined) return false;
    probers.push(startProber({ probe: declared, call: () => callProbe(declared, kind, target), onVerdict }));
    return true;
  };
  const setReady = (value: boolean): void => {
    if (isReady === value) return;
    isReady = value;
    onChange();
  };
  const restartIfBad = (isGood: boolean): void => {
    if (!isGood) void process_?.stop(5000);
  };
  const onStarted = (): void => {
    isStarted = true;
    if (!probe('readyz', setReady)) setReady(true);
    probe('livez', restartIfBad);
    onChange();
  };
  const start = (): void => {
    restarts += 1;
    containerId = randomUUID().replaceAll('-', '');
    startedAt = Date.now();
    const current = startProcess({
      command: 'nsenter',
      args: [...target.enterArgs, '--', ...options.command],
      env: target.env,
      logFile: options.logFile,
    });
    process_ = current;
    const hasStartupProbe = probe('startupz', (isGood) => {
      if (!isGood) restartIfBad(false);
      else if (!isStarted) onStarted();
    });
    if (!hasStartupProbe) onStarted();
    void current.ended.then((ended) => {
      // A container is its process group: nothing of it outlives the first process.
      current.signal('SIGKILL');
      onEnd(ended);
    });
  };
  const onEnd = (ended: ProcessEnd): void => {
    stopProbers();
    isReady = false;
    isStarted = false;
    end = { ...ended, at: new Date().toISOString() };
    if (!isStopping && mayRestart(ended.code)) {
      backoffMs = Date.now() - startedAt > stableAfterMs ? firstBackoffMs : Math.min(backoffMs * 2, maxBackoffMs);
      timer = setTimeout(start, backoffMs);
    }
    onChange();
  };
  const mayRestart = (code: number | null): boolean =>
    options.restartPolicy === 'Always' || (options.restartPolicy === 'OnFailure' && code !== 0);

  return {
    start,
    status: () => ({
      name: spec.name,
      image: spec.image,
      imageID: options.imageId,
      containerID: `signet://${containerId}`,
      ready: isReady,
      started: isStarted,
      restartCount: Math.max(0, restarts),
      state: stateOf({ isRunning: process_?.isRunning() === true, startedAt, end }),
    }),
    isFinished: () => end !== undefined && process_?.isRunning() !== true && (isStopping || !mayRestart(end.code)),
    exitCode: () => end?.code ?? null,
    async stop(graceMs) {
      isStopping = true;
      clearTimeout(timer);
      stopProbers();
      await process_?.stop(graceMs);
    },
  };
}

function stateOf(run: { isRunning: boolean; startedAt: number; end: (ProcessEnd & { at: string }) | undefined }): Record<string, unknown> {
  if (run.isRunning) return { running: { startedAt: new Date(run.startedAt).toISOString() } };
  if (run.end === undefined) return { waiting: { reason: 'ContainerCreating' } };
  const { code, problem, at } = run.end;
  return { terminated: { exitCode: code ?? 137, reason: code === 0 ? 'Completed' : 'Error', finishedAt: at, ...(problem === undefined ? {} : { message: problem }) } };
}
