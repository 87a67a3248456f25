// SPDX-License-Identifier: Apache-2.0
import type { Playground } from '../launcher/launch.ts';
import type { PlaygroundOptions } from '../options.ts';
import { ClusterEnded } from '../launcher/cluster-ended.ts';
import { showLiveScreen } from './live-screen.ts';
import { connectMesh } from './mesh-client.ts';
import { reportLines } from './report-table.ts';
import { runOnce } from './run-once.ts';

/** A playground that is up, and how it is to be shown. */
export interface ModeInput {
  readonly playground: Playground;
  readonly options: PlaygroundOptions;
  readonly signal: AbortSignal;
  /** Problems since the start, newest last; grows. */
  readonly problems: readonly string[];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Makes the declared calls and prints the outcome on standard output; returns the exit code. */
export async function runOnceMode({ playground, options, signal }: ModeInput): Promise<number> {
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

/** Keeps the summary on the terminal until the signal; returns the exit code. */
export async function runLiveMode({ playground, options, signal, problems }: ModeInput): Promise<number> {
  const { context } = playground;
  const client = connectMesh(context);
  try {
    await showLiveScreen({
      client,
      context,
      meshDirectory: options.meshDirectory,
      target: {
        write: (text) => void process.stderr.write(text),
        isTerminal: process.stderr.isTTY,
        size: () => ({ columns: process.stderr.columns ?? Infinity, rows: process.stderr.rows ?? Infinity }),
      },
      signal,
      problems: () => problems,
    });
    // Asked to stop, or stopped by a failure that has to be told.
    if (signal.reason instanceof ClusterEnded) throw signal.reason;
    return 0;
  } finally {
    await client.close();
  }
}
