// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { envoyBinary, findFreePorts, startRealProcess, waitFor, type RealProcess } from '@signet/testing';
import { startStubAuthority, type StubAuthority } from '../../identity/test/stub-authority.ts';
import { registerEmptyAds, type SeenStream } from './ads-stub.ts';

/** Identity of the pod under test. */
export const podId = 'spiffe://cluster.local/ns/shop/sa/checkout';

/** A pod's worth of agent: a control plane that it believes, and the agent as a process of its own. */
export interface AgentBench {
  readonly directory: string;
  readonly socketPath: string;
  readonly statusPort: number;
  readonly adminPort: number;
  readonly streams: readonly SeenStream[];
  controlPlane(): StubAuthority;
  stopControlPlane(): Promise<void>;
  startControlPlane(): Promise<void>;
  startAgent(): RealProcess;
  /** Pid of the Envoy that the agent runs, from its pid file. */
  envoyPid(): number | undefined;
  /** Status code of a path of the status port; undefined when nothing listens. */
  status(path: string): Promise<number | undefined>;
  waitUntilReady(): Promise<void>;
  /** Certificates that the agent wrote down. */
  records(): readonly { readonly serial: string; readonly profile: string }[];
  stop(): Promise<void>;
}

/** What the bench may vary. */
export interface BenchOptions {
  readonly envoyVersion?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** True while a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function askStatus(port: number, at: string): Promise<number | undefined> {
  try {
    return (await fetch(`http://127.0.0.1:${port}${at}`)).status;
  } catch {
    return undefined;
  }
}

/** Prepares the bench; the control plane runs, the agent does not yet. */
export async function createAgentBench(options: BenchOptions = {}): Promise<AgentBench> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-agent-'));
  const streams: SeenStream[] = [];
  const services = [registerEmptyAds(streams)];
  let ca = await startStubAuthority({ attestedId: podId, services });
  const [statusPort = 0, adminPort = 0] = await findFreePorts(2);
  const file = (name: string): string => path.join(directory, name);
  const socketPath = file('socket');
  const agents: RealProcess[] = [];
  writeFileSync(file('roots.pem'), ca.rootPem);
  writeFileSync(file('token'), 'a-token\n');
  const config = {
    pod: {
      namespace: 'shop',
      name: 'checkout-1',
      uid: 'u-1',
      ip: '127.0.0.1',
      node: 'node-a',
      serviceAccount: 'checkout',
    },
    caAddress: ca.tokenAddress,
    caMtlsAddress: ca.mtlsAddress,
    configAddress: ca.mtlsAddress,
    discoveryAddress: ca.mtlsAddress,
    controlPlaneIds: [ca.serverId],
    tokenFile: file('token'),
    trustBundleFile: file('roots.pem'),
    socketPath,
    statusPort,
    recordFile: file('issued.jsonl'),
    envoy: { binary: envoyBinary(options.envoyVersion), adminPort, drainTimeSeconds: 1 },
    ...options.config,
  };
  writeFileSync(file('agent.yaml'), JSON.stringify(config));

  return {
    directory,
    socketPath,
    statusPort,
    adminPort,
    streams,
    controlPlane: () => ca,
    stopControlPlane: () => ca.stop(),
    async startControlPlane() {
      ca = await startStubAuthority({ attestedId: podId, services, ports: ca.ports, root: ca.root });
    },
    startAgent() {
      const main = path.resolve(import.meta.dirname, '../src/main.ts');
      const agent = startRealProcess({
        command: process.execPath,
        args: [main, '--config', file('agent.yaml')],
        env: plainEnvironment(),
      });
      agents.push(agent);
      return agent;
    },
    envoyPid() {
      try {
        return Number(readFileSync(file('envoy.pid'), 'utf8'));
      } catch {
        return undefined;
      }
    },
    status: (at) => askStatus(statusPort, at),
    async waitUntilReady() {
      const what = (): string => `the agent to be ready: ${agents.at(-1)?.output() ?? ''}`;
      try {
        await waitFor(async () => (await askStatus(statusPort, '/healthz/ready')) === 200, { timeoutMs: 20_000 });
      } catch (cause) {
        throw new Error(what(), { cause });
      }
    },
    records: () =>
      readFileSync(file('issued.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { serial: string; profile: string }),
    async stop() {
      for (const agent of agents) await agent.stop();
      await ca.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Without the test runner's options, which are not the agent's. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env;
  return rest;
}
