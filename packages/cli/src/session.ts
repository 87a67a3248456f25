// SPDX-License-Identifier: Apache-2.0
import type { Connections } from './connections.ts';
import type { CliContext } from './context.ts';
import { formatTable, type Column } from './table.ts';
import { toJsonValue } from './values.ts';

/** Where a command writes. */
export interface Streams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
}

/** What a command works with. */
export interface Session {
  readonly context: CliContext;
  readonly connections: Connections;
  readonly format: 'table' | 'json';
  /** Empty means all. */
  readonly namespace: string;
  readonly streams: Streams;
  readonly now: () => Date;
}

/** Prints an answer: as JSON in full, or as a table. */
export function printRows<T>(
  session: Session,
  answer: {
    readonly json: unknown;
    readonly rows: readonly T[];
    readonly columns: readonly Column<T>[];
    readonly empty: string;
  },
): void {
  const { out } = session.streams;
  if (session.format === 'json') out.write(`${JSON.stringify(toJsonValue(answer.json), undefined, 2)}\n`);
  else out.write(formatTable(answer.columns, answer.rows, answer.empty));
}

/** Prints a value as JSON. */
export function printJson(session: Session, value: unknown): void {
  session.streams.out.write(`${JSON.stringify(toJsonValue(value), undefined, 2)}\n`);
}
