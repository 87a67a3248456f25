// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { proxyPorts } from '@signet/model';
import { writeFileAtomically } from '../atomic-file.ts';
import type { PodObject } from '../controller/kubernetes-objects.ts';
import { agentProgram, agentSettings } from './agent-settings.ts';
import { createContainerRunner } from './container-runner.ts';
import { probeHttp } from './probe-call.ts';
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
  readonly onChange: () => void;
}

const startingPeriodMs = 100;
const runningPeriodMs = 1000;
const failureThreshold = 3;

/** Starts the agent of a pod, as a container that is started again when it ends. */
export function startAgent({ pod, podIp, sandbox, envoyBinary, onChange }: AgentRunnerOptions): AgentRunner {
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
  container.start();
  let isReady = false;
  let isStopped = false;
  const { promise: firstReady, resolve: resolveFirst } = Promise.withResolvers<boolean>();
  const watch = async (): Promise<void> => {
    let failures = 0;
    while (!isStopped) {
      const isUp = await probeHttp({
        host: podIp,
        port: proxyPorts.status,
        path: '/healthz/ready',
        timeoutMs: 1000,
        headers: {},
      });
      failures = isUp ? 0 : failures + 1;
      const next = isUp || (isReady && failures < failureThreshold);
      if (next !== isReady) {
        isReady = next;
        if (isReady) resolveFirst(true);
        onChange();
      }
      await delay(isReady ? runningPeriodMs : startingPeriodMs);
    }
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
