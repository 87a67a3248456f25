// SPDX-License-Identifier: Apache-2.0
import { launchPlayground } from './launcher/launch.ts';
import { waitForStop } from './launcher/shutdown.ts';
import { parsePlaygroundOptions, usage } from './options.ts';

const exitUsage = 2;

async function main(): Promise<number> {
  const parsed = parsePlaygroundOptions(process.argv.slice(2), process.env);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.error.map((line) => `demo: ${line}`).join('\n')}\n\n${usage}`);
    return exitUsage;
  }
  if (parsed.value === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const stopRequested = waitForStop();
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const playground = await launchPlayground(parsed.value, { progress: say, problem: say });
  try {
    await Promise.race([stopRequested, playground.ended]);
    return 0;
  } finally {
    await playground.stop();
  }
}

process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }),
);
