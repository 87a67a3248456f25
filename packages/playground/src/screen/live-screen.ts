// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../launcher/context-file.ts';
import type { MeshClient, MeshView } from './mesh-client.ts';
import { fitSections } from './fit-sections.ts';
import { footerLines, summarySections } from './summary.ts';

const refreshMs = 2000;
const maxProblems = 5;
const clearScreen = '\u001b[2J';
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** Where the screen is drawn. */
export interface ScreenTarget {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Of the terminal, at this moment; unlimited where there is none. */
  size(): { readonly columns: number; readonly rows: number };
}

/** What the screen shows besides the mesh. */
export interface ScreenOptions {
  readonly client: MeshClient;
  readonly context: Context;
  readonly meshDirectory: string;
  readonly target: ScreenTarget;
  readonly signal: AbortSignal;
  /** Problems since the start, newest last. */
  readonly problems: () => readonly string[];
}

/**
 * Keeps the summary on the terminal until aborted. Where there is no terminal it is appended when it is
 * complete for the first time and whenever findings or problems change.
 */
export async function showLiveScreen(options: ScreenOptions): Promise<void> {
  const { client, target, signal } = options;
  let lastState = '';
  let hasAnswered = false;
  if (target.isTerminal) target.write(clearScreen);
  while (!signal.aborted) {
    const view = await client
      .view()
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (signal.aborted) return;
    if (typeof view === 'string') {
      const text = hasAnswered ? `the control plane does not answer (${view})` : 'the control plane is starting …';
      if (target.isTerminal) target.write(`${home}${text}${clearLine}\n`);
    } else if (target.isTerminal) {
      hasAnswered = true;
      draw(view, options);
    } else {
      hasAnswered = true;
      const state = stateOf(view, options.problems());
      if (state !== lastState) {
        lastState = state;
        target.write(isComplete(view) ? `${lines(view, options).join('\n')}\n\n` : `${progressText(view)}\n`);
      }
    }
    await delay(refreshMs, undefined, { signal }).catch(() => undefined);
  }
}

function progressText(view: MeshView): string {
  const waiting = view.workloads.filter((workload) => !workload.ready).map((workload) => workload.name);
  const up = `${view.workloads.length - waiting.length} of ${view.workloads.length} pods are up`;
  return waiting.length === 0 ? `${up}; no calls seen yet` : `${up}; waiting for ${waiting.slice(0, 3).join(', ')}`;
}

function lines(view: MeshView, options: ScreenOptions): string[] {
  const { columns, rows } = options.target.size();
  const header = [`Signet playground · mesh ${options.meshDirectory}`, ''];
  const problems = options
    .problems()
    .slice(-maxProblems)
    .map((text) => `! ${text}`);
  const footer = [...problems, ...footerLines(options.context)];
  // The line after the last belongs to the cursor.
  const height = rows - header.length - footer.length - 1;
  const all = [...header, ...fitSections(summarySections(view, new Date()), height), ...footer];
  return all.map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
}

function draw(view: MeshView, options: ScreenOptions): void {
  const text = lines(view, options).map((line) => `${line}${clearLine}`);
  options.target.write(`${home}${text.join('\n')}\n${clearBelow}`);
}

function isComplete(view: MeshView): boolean {
  return view.workloads.length > 0 && view.workloads.every((workload) => workload.ready) && view.edges.length > 0;
}

/** What makes another look worth printing where there is no terminal. */
function stateOf(view: MeshView, problems: readonly string[]): string {
  return JSON.stringify([
    isComplete(view),
    view.findings.map((finding) => finding.id),
    view.fileProblems,
    problems,
    view.workloads.map((workload) => [workload.name, workload.ready]),
  ]);
}
