// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { agentAnnotation, proxyPorts } from '@signet/model';
import { run } from '../child-process.ts';
import type { ContainerSpec, ContainerStatus, PodObject, PodStatus } from '../controller/kubernetes-objects.ts';
import { networkPlan } from '../network-plan.ts';
import type { StatePaths } from '../state-paths.ts';
import { startAgent, type AgentRunner } from './agent-runner.ts';
import { podCaptureRules } from './pod-capture.ts';
import { containerEnvironment, expand } from './container-environment.ts';
import { createContainerRunner, type ContainerRunner } from './container-runner.ts';
import { findProgram } from './image-catalogue.ts';
import { podStatus } from './pod-status.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import type { StartGate } from './start-gate.ts';
import { keepTokenFile, type TokenFile } from './token-file.ts';

/** What a pod runner works with. */
export interface PodRunnerOptions {
  readonly pod: PodObject;
  readonly podIp: string;
  readonly link: string;
  readonly paths: StatePaths;
  readonly envoyBinary: string;
  readonly gate: StartGate;
  /** Makes a token of the pod for the control plane's audience. */
  readonly issueToken: () => Promise<string> | string;
  readonly onStatus: (status: PodStatus) => void;
}

/** One pod on this machine. */
export interface PodRunner {
  /** Where `signet exec` enters; undefined until the namespaces exist. */
  place(): { readonly enterArgs: readonly string[]; readonly env: Readonly<Record<string, string>> } | undefined;
  /** Ends the pod as the kubelet does: preStop, SIGTERM, grace period, SIGKILL; the agent last. */
  terminate(): Promise<void>;
}

const defaultGraceSeconds = 30;

/** Starts a pod; problems end up in its status. */
export function startPod(options: PodRunnerOptions): PodRunner {
  const { pod, podIp } = options;
  const startTime = new Date().toISOString();
  const isEnrolled = pod.metadata.annotations?.[agentAnnotation] !== undefined;
  const containers: ContainerRunner[] = [];
  let sandbox: Sandbox | undefined;
  let agent: AgentRunner | undefined;
  let tokenFile: TokenFile | undefined;
  let status: PodStatus | undefined;
  let problem = '';
  let isEnding = false;

  const report = (): void => {
    status = podStatus(
      {
        podIp: sandbox === undefined ? undefined : podIp,
        startTime,
        containers: containers.length === 0 ? pendingStatuses(pod) : containers.map((container) => container.status()),
        isAgentReady: isEnrolled ? agent?.isReady() === true : undefined,
        finished: isEnding ? undefined : finishedPhase(containers, pod),
        problem,
      },
      status,
      new Date(),
    );
    options.onStatus(status);
  };
  const start = async (): Promise<void> => {
    const directory = path.join(options.paths.pods, pod.metadata.uid ?? '');
    tokenFile = await keepTokenFile(path.join(directory, 'tokens', 'signet-token'), options.issueToken);
    sandbox = await createPodSandbox(options, isEnrolled);
    report();
    if (isEnding) return;
    if (isEnrolled) {
      agent = startAgent({ ...options, sandbox, onChange: report });
      // As a native sidecar: the application starts when its proxy can carry its traffic.
      if (!(await agent.firstReady)) return;
    }
    if (isEnding) return;
    await runInitContainers(pod, sandbox, podIp);
    for (const spec of pod.spec?.containers ?? [])
      containers.push(createContainer(spec, { ...options, sandbox, isEnrolled, onChange: report }));
    for (const container of containers) container.start();
    report();
  };
  const started = start().catch((error: unknown) => {
    problem = error instanceof Error ? error.message : String(error);
    report();
  });
  report();

  return {
    place: () => (sandbox === undefined ? undefined : { enterArgs: sandbox.enterArgs, env: environmentOf(pod, podIp) }),
    async terminate() {
      isEnding = true;
      const graceMs = (pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000;
      if (sandbox !== undefined) await runPreStop(pod, sandbox);
      await stopAll(containers, graceMs);
      await agent?.stop(graceMs);
      await started;
      // What the start was still about to begin when the end was asked for.
      await stopAll(containers, 0);
      tokenFile?.stop();
      await sandbox?.destroy();
    },
  };
}

function createPodSandbox(options: PodRunnerOptions, isEnrolled: boolean): Promise<Sandbox> {
  const { metadata } = options.pod;
  return createSandbox({
    paths: options.paths,
    uid: metadata.uid ?? '',
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
    ip: options.podIp,
    link: options.link,
    captureRules: isEnrolled ? podCaptureRules() : undefined,
  });
}

async function stopAll(containers: readonly ContainerRunner[], graceMs: number): Promise<void> {
  await Promise.all(containers.map((container) => container.stop(graceMs)));
}

function pendingStatuses(pod: PodObject): ContainerStatus[] {
  return (pod.spec?.containers ?? []).map((container) => ({
    name: container.name,
    image: container.image,
    imageID: '',
    containerID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason: 'ContainerCreating' } },
  }));
}

function finishedPhase(containers: readonly ContainerRunner[], pod: PodObject): 'Succeeded' | 'Failed' | undefined {
  if (pod.spec?.restartPolicy === 'Always' || containers.length === 0) return undefined;
  if (!containers.every((container) => container.isFinished())) return undefined;
  return containers.every((container) => container.exitCode() === 0) ? 'Succeeded' : 'Failed';
}

function createContainer(
  spec: ContainerSpec,
  options: PodRunnerOptions & {
    readonly sandbox: Sandbox;
    readonly isEnrolled: boolean;
    readonly onChange: () => void;
  },
): ContainerRunner {
  const { pod, podIp, sandbox, isEnrolled } = options;
  const env = containerEnvironment(spec, pod, { podIp, hostIp: networkPlan.gateway });
  const program = findProgram(spec, env['PATH'] ?? '');
  return createContainerRunner({
    spec,
    command: program.command.map((part) => expand(part, env)),
    imageId: program.imageId,
    logFile: path.join(sandbox.directory, 'logs', `${spec.name}.log`),
    restartPolicy: pod.spec?.restartPolicy ?? 'Always',
    target: {
      podIp,
      agentPort: isEnrolled ? proxyPorts.status : undefined,
      container: spec,
      enterArgs: sandbox.enterArgs,
      env,
    },
    onChange: options.onChange,
  });
}

async function runInitContainers(pod: PodObject, sandbox: Sandbox, podIp: string): Promise<void> {
  for (const spec of pod.spec?.initContainers ?? []) {
    const env = containerEnvironment(spec, pod, { podIp, hostIp: networkPlan.gateway });
    const { command } = findProgram(spec, env['PATH'] ?? '');
    await run('nsenter', [
      ...sandbox.enterArgs,
      '--',
      'env',
      '-i',
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...command,
    ]);
  }
}

async function runPreStop(pod: PodObject, sandbox: Sandbox): Promise<void> {
  const hooks = (pod.spec?.containers ?? []).map(async ({ lifecycle }) => {
    if (lifecycle?.preStop?.sleep !== undefined) await delay(lifecycle.preStop.sleep.seconds * 1000);
    const command = lifecycle?.preStop?.exec?.command;
    // A hook that fails does not keep the pod alive.
    if (command !== undefined) await run('nsenter', [...sandbox.enterArgs, '--', ...command]).catch(() => undefined);
  });
  await Promise.all(hooks);
}

function environmentOf(pod: PodObject, podIp: string): Record<string, string> {
  const first = pod.spec?.containers[0];
  return first === undefined ? {} : containerEnvironment(first, pod, { podIp, hostIp: networkPlan.gateway });
}
