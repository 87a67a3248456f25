// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand, type CommandResult } from './command.ts';

export const repositoryDir = path.resolve(import.meta.dirname, '../../..');
const exampleDir = path.join(repositoryDir, 'docs/examples/shop');
const playgroundMain = path.join(repositoryDir, 'packages/playground/src/main.ts');
const signetMain = path.join(repositoryDir, 'packages/cli/bin/signet.mjs');

/** A running mesh of its own: copy of the example's manifests, state, ports. */
export interface Playground {
  /** Copy of the manifests, to be edited by the test. */
  readonly meshDir: string;
  readonly stateDir: string;
  readonly portBase: number;
  /** Runs `signet ARGS`. */
  signet(args: readonly string[], timeoutMs?: number): Promise<CommandResult>;
  /** Runs `signet ARGS -o json` and parses its answer. */
  signetJson<T>(args: readonly string[], timeoutMs?: number): Promise<T>;
  /** Runs a command inside a pod's namespaces. */
  exec(pod: string, command: readonly string[], timeoutMs?: number): Promise<CommandResult>;
  /** Pids of this playground's processes whose command line contains the text. */
  pidsOf(text: string): number[];
  stop(): Promise<void>;
}

/** Options of startPlayground. */
export interface PlaygroundOptions {
  readonly args?: readonly string[];
  /** Changes the copy of the manifests before the start. */
  readonly prepare?: (meshDir: string) => void;
  /** Directory of manifests to copy; the shop when absent. */
  readonly mesh?: string;
}

/** What the control plane listens on, above the base. */
const portOffsets = [11, 12, 14, 16, 22, 23];

/** Finds a base whose ports are free on loopback, below the range from which the kernel takes ports of its own. */
async function findPortBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 120) * 100;
    const free = await Promise.all(portOffsets.map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Pids of processes whose command line contains every one of the texts. */
export function findPids(texts: readonly string[]): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return texts.every((text) => commandLine.includes(text));
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function waitUntilSettled(playground: Playground, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the playground ended: ${tail(logFile)}`);
    const { code } = await playground.signet(['wait', '--timeout', '20s'], 30_000);
    if (code === 0) return;
    if (Date.now() > deadline) throw new Error(`the mesh did not settle: ${tail(logFile)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').slice(-3000);
}

/** Starts the playground on a copy of the example and waits until every proxy has acknowledged. */
export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const root = mkdtempSync(path.join(tmpdir(), 'signet-e2e-'));
  const meshDir = path.join(root, 'mesh');
  const stateDir = path.join(root, 'state');
  cpSync(options.mesh ?? exampleDir, meshDir, { recursive: true });
  options.prepare?.(meshDir);
  const portBase = await findPortBase();
  const logFile = path.join(root, 'playground.log');
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const environment = { ...process.env, SIGNET_CONTEXT: path.join(stateDir, 'context.json') };
  const child = spawn(
    process.execPath,
    [playgroundMain, '--mesh', meshDir, '--state', stateDir, '--port-base', String(portBase), ...(options.args ?? [])],
    { stdio: ['ignore', log, log], env: environment },
  );
  const signet = (args: readonly string[], timeoutMs = 30_000): Promise<CommandResult> =>
    runCommand(process.execPath, [signetMain, ...args], { env: environment, timeoutMs });
  const playground: Playground = {
    meshDir,
    stateDir,
    portBase,
    signet,
    async signetJson<T>(args: readonly string[], timeoutMs?: number): Promise<T> {
      const result = await signet([...args, '-o', 'json'], timeoutMs);
      if (result.code !== 0) throw new Error(`signet ${args.join(' ')} exited ${result.code}: ${result.stderr}`);
      return JSON.parse(result.stdout) as T;
    },
    exec: (pod, command, timeoutMs) => signet(['exec', pod, '--', ...command], timeoutMs),
    pidsOf: (text) => findPids([text, stateDir]),
    async stop(): Promise<void> {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
  try {
    await waitUntilSettled(playground, child, logFile);
  } catch (error) {
    await playground.stop();
    throw error;
  }
  return playground;
}

/** What the playground tells the command line, as far as tests need it. */
export interface ContextFile {
  readonly discoveryGrpc: string;
  readonly configGrpc: string;
  readonly caToken: string;
  readonly rootsFile: string;
  readonly tokenFile: string;
  readonly controlPlaneIds: readonly string[];
}

/** Reads the context file of a running playground. */
export function readContext(mesh: Playground): ContextFile {
  return JSON.parse(readFileSync(path.join(mesh.stateDir, 'context.json'), 'utf8')) as ContextFile;
}
