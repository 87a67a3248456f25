// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import path from 'node:path';
import { repositoryDir } from './bootstrap/cache.mjs';

/** A program of node_modules, or a file of ours, run under this Node. */
export interface NodeProgram {
  /** Relative to the repository. */
  readonly file: string;
  readonly args: readonly string[];
  readonly nodeArgs?: readonly string[];
}

/** How it ended and what it said. */
export interface NodeProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams in the order of arrival. */
  readonly output: string;
}

/** Runs it to its end without showing what it prints. */
export function runNodeProgram(program: NodeProgram): Promise<NodeProgramResult> {
  return new Promise((resolve, reject) => {
    const args = [...(program.nodeArgs ?? []), path.join(repositoryDir, program.file), ...program.args];
    const child = spawn(process.execPath, args, { cwd: repositoryDir, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, output }));
  });
}

/** Runs it and throws what it printed unless it ended with 0. */
export async function expectSuccess(program: NodeProgram): Promise<NodeProgramResult> {
  const result = await runNodeProgram(program);
  if (result.code !== 0) throw new Error(result.output.trimEnd() || `${program.file} ended with ${result.code}`);
  return result;
}
