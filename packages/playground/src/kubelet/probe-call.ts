// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import http from 'node:http';
import { connect } from 'node:net';
import type { ContainerSpec, Probe } from '../controller/kubernetes-objects.ts';

/** Names under which the agent answers rewritten probes. */
export type ProbeKind = 'livez' | 'readyz' | 'startupz';

/** Where a probe goes. */
export interface ProbeTarget {
  readonly podIp: string;
  /** Port of the agent that answers instead of the application; undefined for pods without one. */
  readonly agentPort: number | undefined;
  readonly container: ContainerSpec;
  /** Arguments of nsenter for exec probes. */
  readonly enterArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Number of a port that a probe may give by name; undefined when the container does not declare it. */
export function probePort(port: number | string, container: ContainerSpec): number | undefined {
  if (typeof port === 'number') return port;
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort;
}

/** Makes one probe; true when it succeeded. */
export async function callProbe(probe: Probe, kind: ProbeKind, target: ProbeTarget): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { agentPort, container, podIp } = target;
  if (probe.exec !== undefined) return probeExec(probe.exec.command, { ...target, timeoutMs });
  if (agentPort !== undefined)
    return probeHttp({
      host: podIp,
      port: agentPort,
      path: `/app-health/${container.name}/${kind}`,
      timeoutMs,
      headers: {},
    });
  if (probe.httpGet !== undefined) {
    const port = probePort(probe.httpGet.port, container);
    const headers = Object.fromEntries((probe.httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    return port !== undefined && probeHttp({ host: podIp, port, path: probe.httpGet.path ?? '/', timeoutMs, headers });
  }
  const port = probe.tcpSocket === undefined ? probe.grpc?.port : probePort(probe.tcpSocket.port, container);
  return port !== undefined && probeTcp({ host: podIp, port, timeoutMs });
}

/** One HTTP request as the kubelet makes it; undefined when no answer came. */
export function requestStatus(options: {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<number | undefined> {
  return new Promise((resolve) => {
    const { host, port, path, timeoutMs } = options;
    const headers = { ...options.headers, 'user-agent': 'kube-probe/1.37', connection: 'close' };
    const request = http.get({ host, port, path, agent: false, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    request.setTimeout(timeoutMs, () => request.destroy());
    request.once('error', () => resolve(undefined)).once('close', () => resolve(undefined));
  });
}

/** Any status from 200 to 399 is a success. */
async function probeHttp(options: Parameters<typeof requestStatus>[0]): Promise<boolean> {
  const status = (await requestStatus(options)) ?? 0;
  return status >= 200 && status < 400;
}

function probeTcp(options: {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: options.host, port: options.port });
    const end = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(options.timeoutMs, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

async function probeExec(
  command: readonly string[],
  target: ProbeTarget & { readonly timeoutMs: number },
): Promise<boolean> {
  const child = spawn('nsenter', [...target.enterArgs, '--', ...command], {
    stdio: 'ignore',
    env: target.env,
    timeout: target.timeoutMs,
    killSignal: 'SIGKILL',
  });
  const code = await Promise.race([
    once(child, 'exit').then(([exitCode]) => exitCode as number | null),
    once(child, 'error').then(() => null),
  ]);
  return code === 0;
}
