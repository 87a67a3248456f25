// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** Runs a short command to its end; rejects with what it printed on standard error when it fails. */
export async function run(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A command that ends without reading its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`«${command} ${args.join(' ')}» failed (${code}): ${stderr.trim()}`);
  return stdout;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started; undefined when it was. */
  readonly problem?: string;
}

/** A long-running process that leads a process group of its own. */
export interface ManagedProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<ProcessEnd>;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM (or the given signal), and SIGKILL to the whole group after the grace period. */
  stop(graceMs: number, signal?: NodeJS.Signals): Promise<void>;
}

/** Options of startProcess. */
export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Output is appended to this file. */
  readonly logFile: string;
  readonly cwd?: string;
}

/** Starts a process whose output goes to a file. */
export function startProcess(options: ProcessOptions): ManagedProcess {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    stdio: ['ignore', log, log],
    env: options.env,
    cwd: options.cwd ?? '/',
    detached: true,
  });
  closeSync(log);
  return manage(child);
}

function manage(child: ChildProcess): ManagedProcess {
  let isRunning = true;
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: null, problem: error.message }));
  }).then((end) => {
    isRunning = false;
    return end;
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  return {
    pid: child.pid,
    ended,
    isRunning: () => isRunning,
    signal: signalGroup,
    async stop(graceMs, signal = 'SIGTERM') {
      if (isRunning && child.pid !== undefined) {
        // Only the leader is asked; it ends its own children in its own order.
        child.kill(signal);
        const timer = setTimeout(() => signalGroup('SIGKILL'), graceMs);
        await ended;
        clearTimeout(timer);
      }
      signalGroup('SIGKILL');
    },
  };
}
