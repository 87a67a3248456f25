// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What to start and how. */
export interface RealProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Runs as this user; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Asks the program to end; also sent when the test process dies. Default SIGTERM. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL';
}

/** A program under test that runs beside the test. */
export interface RealProcess {
  readonly pid: number;
  /** Last 64 KiB that it printed, both streams. */
  output(): string;
  /** Exit code or signal once it has ended. */
  exit(): { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  readonly exited: Promise<void>;
  /** Sends any signal, for example SIGSTOP. */
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, kills it after `graceMs` (default 10 000), resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

const outputCharsMax = 65_536;
const setpriv = '/usr/bin/setpriv';

/** Starts a program that cannot outlive the test process, even when that is killed. */
export function startRealProcess(options: RealProcessOptions): RealProcess {
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  const bound = existsSync(setpriv);
  const child: ChildProcess = spawn(
    bound ? setpriv : options.command,
    bound ? ['--pdeathsig', stopSignal.slice(3), options.command, ...options.args] : [...options.args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
    },
  );
  let text = '';
  let ended: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  const append = (chunk: string): void => {
    text = (text + chunk).slice(-outputCharsMax);
  };
  child.stdout?.setEncoding('utf8').on('data', append);
  child.stderr?.setEncoding('utf8').on('data', append);
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      append(`${options.command}: ${error.message}\n`);
      ended = { code: 127, signal: null };
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended = { code, signal };
      resolve();
    });
  });
  return {
    pid: child.pid ?? -1,
    output: () => text,
    exit: () => ended,
    exited,
    signal: (name) => void child.kill(name),
    async stop(graceMs = 10_000): Promise<void> {
      if (ended !== undefined) return;
      child.kill(stopSignal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
