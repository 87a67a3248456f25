// SPDX-License-Identifier: Apache-2.0
import { launchPlayground, type Playground } from './launcher/launch.ts';
import { waitForStop } from './launcher/shutdown.ts';
import { parsePlaygroundOptions, usage, type PlaygroundOptions } from './options.ts';
import { showLiveScreen } from './screen/live-screen.ts';
import { connectMesh } from './screen/mesh-client.ts';
import { reportLines } from './screen/report-table.ts';
import { runOnce } from './screen/run-once.ts';

const exitUsage = 2;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const parsed = parsePlaygroundOptions(process.argv.slice(2), process.env);
  if (!parsed.ok) {
    say(`${parsed.error.map((line) => `demo: ${line}`).join('\n')}\n\n${usage}`);
    return exitUsage;
  }
  if (parsed.value === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const options = parsed.value;
  const abort = new AbortController();
  void waitForStop().then((reason) => {
    if (reason !== 'parent') say('ending everything …');
    abort.abort(new Error('stopped'));
  });
  const problems: string[] = [];
  const onProblem = (text: string): void => {
    problems.push(text);
    if (options.isOnce || !process.stderr.isTTY) say(text);
  };
  const playground = await launchPlayground(options, { progress: say, problem: onProblem }, abort.signal);
  try {
    void playground.ended.then(() =>
      abort.abort(new Error(`the cluster ended by itself; see ${playground.paths.logs}`)),
    );
    return options.isOnce
      ? await once(playground, options, abort.signal)
      : await live(playground, { options, signal: abort.signal, problems });
  } finally {
    await playground.stop();
  }
}

async function once(playground: Playground, options: PlaygroundOptions, signal: AbortSignal): Promise<number> {
  const client = connectMesh(playground.context);
  try {
    const { report, problems } = await runOnce({ client, context: playground.context, signal, onProgress: say });
    const text = options.isJson ? JSON.stringify(report, undefined, 2) : reportLines(report).join('\n');
    await new Promise((resolve) => process.stdout.write(`${text}\n`, resolve));
    problems.forEach(say);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await client.close();
  }
}

async function live(
  playground: Playground,
  run: { readonly options: PlaygroundOptions; readonly signal: AbortSignal; readonly problems: readonly string[] },
): Promise<number> {
  const client = connectMesh(playground.context);
  const target = {
    write: (text: string): void => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
  };
  await showLiveScreen({
    client,
    context: playground.context,
    meshDirectory: run.options.meshDirectory,
    target,
    signal: run.signal,
    problems: () => run.problems,
  });
  await client.close();
  return 0;
}

process.exit(
  await main().catch((error: unknown) => {
    say(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }),
);
