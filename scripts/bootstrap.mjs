// SPDX-License-Identifier: Apache-2.0
// Entry of every npm script. Runs on any Node from 18 on and without node_modules: brings the pinned Node, the packages, the
// generated code and the real parts that the command needs, then hands over to the command under the pinned Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { cacheDirectory, cloneLockName, repositoryDir } from './bootstrap/cache.mjs';
import { withLock } from './bootstrap/lock.mjs';
import { ensureNode } from './bootstrap/node.mjs';
import { ensureDependencies } from './bootstrap/npm.mjs';
import { Missing, say, step } from './bootstrap/progress.mjs';
import { CommandFailed, runQuietly, searchPath } from './bootstrap/run.mjs';

/** Command → program and the set of real parts that it needs. */
const commands = {
  demo: { script: 'packages/playground/src/main.ts', parts: 'demo' },
  test: { script: 'scripts/test.ts', parts: 'test' },
  soak: { script: 'scripts/soak.ts', parts: 'test' },
  bench: { script: 'packages/bench/src/main.ts', parts: 'bench' },
  check: { script: 'scripts/check.ts', parts: undefined },
  // Sources run as they are; what there is to build is the generated code, which comes before every command.
  build: { script: 'scripts/check.ts', args: ['types'], parts: undefined },
  parts: { script: 'scripts/parts/main.ts', parts: undefined },
};

function run(program, args, env) {
  const child = spawn(program, args, { stdio: 'inherit', env });
  // Ctrl-C at a terminal reaches the whole process group; sent to this process alone it has to be passed on.
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  process.on('SIGINT', () => {
    if (!hasTerminal) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** Generates what the wire contracts say; the generator itself knows when nothing changed. */
function generateCode(node) {
  const generate = () =>
    runQuietly(node, [path.join(repositoryDir, 'packages/proto/scripts/generate.ts')], { cwd: repositoryDir });
  const isFirst = !existsSync(path.join(repositoryDir, 'packages/proto/generated/stamp'));
  return isFirst ? step('generating code from the wire contracts', generate) : generate();
}

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const command = commands[name];
  if (command === undefined) throw new Missing(`no command «${name}»; there are ${Object.keys(commands).join(', ')}`);
  const node = await ensureNode();
  const env = {
    ...process.env,
    PATH: `${path.dirname(node)}${path.delimiter}${searchPath()}`,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || path.join(cacheDirectory(), 'compile-cache'),
  };
  await ensureDependencies();
  await withLock(cloneLockName('proto'), () => generateCode(node));
  if (command.parts !== undefined) {
    const code = await run(node, [path.join(repositoryDir, commands.parts.script), command.parts], env);
    if (code !== 0) return code;
  }
  return run(node, [path.join(repositoryDir, command.script), ...(command.args ?? []), ...args], env);
}

process.exitCode = await main().catch((error) => {
  say(error instanceof Missing || error instanceof CommandFailed ? error.message : (error?.stack ?? String(error)));
  return 1;
});
