// SPDX-License-Identifier: Apache-2.0
import { ClusterEnded } from './launcher/cluster-ended.ts';
import { launchPlayground } from './launcher/launch.ts';
import { waitForStop } from './launcher/shutdown.ts';
import { parsePlaygroundOptions, usage } from './options.ts';

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
  const launching = launchPlayground(options, { progress: say, problem: onProblem }, abort.signal);
  // Loaded while the namespaces come up.
  const screen = import('./screen/modes.ts');
  const playground = await launching;
  try {
    void playground.ended.then(() => abort.abort(new ClusterEnded(playground.paths.logs)));
    const run = { playground, options, signal: abort.signal, problems };
    return await (options.isOnce ? (await screen).runOnceMode(run) : (await screen).runLiveMode(run));
  } finally {
    await playground.stop();
  }
}

process.exit(
  await main().catch((error: unknown) => {
    say(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }),
);
