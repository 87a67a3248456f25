// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** PATH with the directories where administrators' programs lie, which ordinary users often lack. */
export function searchPath() {
  const own = (process.env.PATH || '').split(path.delimiter).filter(Boolean);
  const extra = ['/usr/local/go/bin', '/usr/sbin', '/sbin'].filter((directory) => !own.includes(directory));
  return [...own, ...extra].join(path.delimiter);
}

/** Full path of a program, or undefined. */
export function findProgram(name) {
  for (const directory of searchPath().split(path.delimiter)) {
    const file = path.join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** A program ended badly; the message holds the end of what it printed. */
export class CommandFailed extends Error {}

/** Runs a program to its end, its output kept for the error message. Returns its stdout. */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, PATH: searchPath(), ...options.env },
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output = (output + text).slice(-8000);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-8000);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(new CommandFailed(`«${command} ${args.join(' ')}» ended with ${signal ?? code}:\n${output.trimEnd()}`));
    });
  });
}
