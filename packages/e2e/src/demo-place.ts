// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toolsDirectory } from '../../../scripts/bootstrap/cache.mjs';
import { findPids, repositoryDir } from './playground.ts';

/** How the demo ended. */
export interface DemoRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the command to «making the declared calls»; undefined when it never came to that. */
  readonly upMs: number | undefined;
}

/** Somewhere that `npm run demo` is started from, with a state of its own. */
export interface DemoPlace {
  readonly stateDir: string;
  /** Runs `npm run --silent demo -- --once -o json` and ARGS. */
  run(args?: readonly string[]): Promise<DemoRun>;
  /** What a run has left behind and should not have. */
  leftovers(): Promise<readonly string[]>;
  remove(): void;
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const demo = ['npm', 'run', '--silent', 'demo', '--', '--once', '-o', 'json'];
const timeLimitMs = 240_000;
const offsets = [11, 12, 14, 16, 22, 23];
// No account of any machine; the test gives it a name and a home.
const ordinaryId = 54_321;

function launch({ command, args, env }: Launch): Promise<DemoRun> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(command, args, { cwd: repositoryDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGTERM'), timeLimitMs);
    let stdout = '';
    let stderr = '';
    let upMs: number | undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (stderr.includes('making the declared calls')) upMs ??= performance.now() - startedMs;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, upMs });
    });
  });
}

/** Without what a test runner leaves in it. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: undefined, NODE_ENV: undefined, SIGNET_CONTEXT: undefined };
}

/** The user who runs the tests, with an empty state. */
function ownLaunch(root: string, args: readonly string[]): Launch {
  const [command = '', ...first] = demo;
  return {
    command,
    args: [...first, ...args],
    env: { ...cleanEnvironment(), XDG_STATE_HOME: path.join(root, 'state') },
  };
}

// Root becomes somebody who owns nothing but a home. What that user reads may lie below a directory that is root's alone, so
// it is bound to a place in the open, in a mount namespace that ends with the command.
const ordinaryScript = `
mount --bind "$REPOSITORY" "$ROOT/repository"
mount --bind "$TOOLS" "$ROOT/cache/tools"
mount --bind "$ROOT/passwd" /etc/passwd
cd "$ROOT/repository"
exec setpriv --reuid "$ID" --regid "$ID" --clear-groups --inh-caps=-all \\
  env -i HOME="$ROOT/home" USER=shopkeeper LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin SIGNET_CACHE="$ROOT/cache" \\
  XDG_STATE_HOME="$ROOT/state" "$@"
`;

function prepareOrdinary(root: string): void {
  for (const name of ['repository', 'home', 'state', 'cache', 'cache/tools']) {
    mkdirSync(path.join(root, name), { recursive: true });
    chownSync(path.join(root, name), ordinaryId, ordinaryId);
  }
  chownSync(root, ordinaryId, ordinaryId);
  const account = `shopkeeper:x:${ordinaryId}:${ordinaryId}::${path.join(root, 'home')}:/bin/sh\n`;
  writeFileSync(path.join(root, 'passwd'), readFileSync('/etc/passwd', 'utf8') + account, { mode: 0o644 });
}

function ordinaryLaunch(root: string, args: readonly string[]): Launch {
  return {
    command: 'unshare',
    args: ['--mount', '--propagation', 'private', 'sh', '-ec', ordinaryScript, 'sh', ...demo, ...args],
    env: {
      ...{ PATH: process.env['PATH'], ROOT: root, ID: String(ordinaryId) },
      ...{ REPOSITORY: repositoryDir, TOOLS: toolsDirectory() },
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A port base below the range that the kernel takes ports from. */
async function findPortBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 120) * 100;
    if (!(await isOpen(base + 12)) && !(await isOpen(base + 22))) return base;
  }
}

/** Sockets, locks and notes of who runs, in the files below a directory. */
function liveFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isSocket() ||
        ['lock', 'context.json', 'postmaster.pid'].includes(entry.name) ||
        /\.(lock|sock)$/.test(entry.name),
    )
    .map((entry) => `file ${path.join(entry.parentPath, entry.name)}`);
}

function linesWith(file: string, text: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => `${file}: ${line}`);
}

/** Makes a place for the user who runs the tests, or (as root only) for somebody without any privilege. */
export async function createDemoPlace(user: 'own' | 'ordinary'): Promise<DemoPlace> {
  const root = mkdtempSync(path.join(tmpdir(), 'signet-demo-'));
  if (user === 'ordinary') prepareOrdinary(root);
  const portBase = await findPortBase();
  return {
    stateDir: path.join(root, 'state', 'signet'),
    run(args = []) {
      const all = ['--port-base', String(portBase), ...args];
      return launch(user === 'own' ? ownLaunch(root, all) : ordinaryLaunch(root, all));
    },
    async leftovers() {
      const open = await Promise.all(
        offsets.map(async (offset) => ((await isOpen(portBase + offset)) ? [portBase + offset] : [])),
      );
      return [
        ...findPids([root]).map(
          (pid) => `process ${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`,
        ),
        ...linesWith('/proc/self/mountinfo', root),
        ...linesWith('/proc/net/unix', root),
        ...liveFiles(root),
        ...open.flat().map((port) => `port ${port} is open`),
      ];
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
