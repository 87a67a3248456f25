// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** A child that ends when this process ends, however this process ends. */
export interface BoundChild {
  readonly child: ChildProcess;
  /** Ends the watch; called once the child has ended. */
  release(): void;
}

/**
 * Starts a program in a session of its own (a Ctrl-C at the terminal must not reach it before it has drained). The kernel
 * kills it with its parent where `setpriv` can arrange that; else a shell waits for the end of a pipe that only we hold.
 */
export function launchBound(command: string, args: readonly string[], setpriv: string | undefined): BoundChild {
  const options = { detached: true, stdio: ['ignore', process.stderr, process.stderr] } as const;
  if (setpriv !== undefined) {
    const child = spawn(setpriv, ['--pdeathsig', 'KILL', '--', command, ...args], {
      ...options,
      stdio: [...options.stdio],
    });
    return { child, release: () => undefined };
  }
  const child = spawn(command, [...args], { ...options, stdio: [...options.stdio] });
  if (child.pid === undefined) return { child, release: () => undefined };
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -KILL "$1"', 'signet-watchdog', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  return { child, release: () => void watchdog.kill('SIGKILL') };
}

/** Absolute path of a program on PATH or where Debian has it; undefined when it is not there. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/bin'];
  return directories
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
