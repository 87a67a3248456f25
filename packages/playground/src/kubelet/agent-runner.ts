// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { proxyPorts } from '@signet/model';
import { writeFileAtomically } from '../atomic-file.ts';
import type { PodObject } from '../controller/kubernetes-objects.ts';
import { agentProgram, agentSettings } from './agent-settings.ts';
import { createContainerRunner } from './container-runner.ts';
import { requestStatus } from './probe-call.ts';
import type { StartGate } from './start-gate.ts';
import type { Sandbox } from './sandbox.ts';

/** Agent and proxy beside a pod. */
export interface AgentRunner {
  isReady(): boolean;
  /** Settles when the agent is ready for the first time, or with false when it is stopped before. */
  readonly firstReady: Promise<boolean>;
  stop(graceMs: number): Promise<void>;
}

/** What an agent is started with. */
export interface AgentRunnerOptions {
  readonly pod: PodObject;
  readonly podIp: string;
  readonly sandbox: Sandbox;
  readonly envoyBinary: string;
  /** Held while the agent loads. */
  readonly gate: StartGate;
  readonly onChange: () => void;
}

const startingPeriodMs = 100;
const runningPeriodMs = 1000;
const failureThreshold = 3;
const loadTimeoutMs = 10_000;

/** Starts the agent of a pod, as a container that is started again when it ends. */
export function startAgent({ pod, podIp, sandbox, envoyBinary, gate, onChange }: AgentRunnerOptions): AgentRunner {
  const { directory, enterArgs } = sandbox;
  const configFile = path.join(directory, 'agent.json');
  mkdirSync(path.join(directory, 'envoy'), { recursive: true });
  writeFileAtomically(
    configFile,
    `${JSON.stringify(agentSettings(pod, { directory, podIp, envoyBinary }), undefined, 1)}\n`,
  );
  const compileCache = process.env['NODE_COMPILE_CACHE'];
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/tmp',
    HOSTNAME: pod.metadata.name,
    ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
  };
  const spec = { name: 'signet-agent', image: 'signet-agent' };
  const container = createContainerRunner({
    spec,
    command: [process.execPath, agentProgram, '--config', configFile],
    imageId: '',
    logFile: path.join(directory, 'logs', 'agent.log'),
    restartPolicy: 'Always',
    target: { podIp, agentPort: undefined, container: spec, enterArgs, env },
    onChange,
  });
  let isReady = false;
  let isStopped = false;
  const { promise: firstReady, resolve: resolveFirst } = Promise.withResolvers<boolean>();
  const watch = async (): Promise<void> => {
    const leave = await gate.enter();
    const timer = setTimeout(leave, loadTimeoutMs);
    if (!isStopped) container.start();
    let failures = 0;
    while (!isStopped) {
      const status = await requestStatus({
        host: podIp,
        port: proxyPorts.status,
        path: '/healthz/ready',
        timeoutMs: 1000,
      });
      // It answers: what comes now is waiting, for the CA or for Envoy.
      if (status !== undefined) leave();
      const isUp = status === 200;
      failures = isUp ? 0 : failures + 1;
      const next = isUp || (isReady && failures < failureThreshold);
      if (next !== isReady) {
        isReady = next;
        if (isReady) resolveFirst(true);
        onChange();
      }
      await delay(isReady ? runningPeriodMs : startingPeriodMs);
    }
    leave();
    clearTimeout(timer);
    resolveFirst(false);
  };
  void watch();
  return {
    isReady: () => isReady,
    firstReady,
    async stop(graceMs) {
      isStopped = true;
      await container.stop(graceMs);
    },
  };
}
