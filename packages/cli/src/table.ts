// SPDX-License-Identifier: Apache-2.0

/** One column: heading and how to get the text of a row. */
export interface Column<T> {
  readonly heading: string;
  text(row: T): string;
}

/**
 * Names and messages come from whoever may create objects in the cluster: control characters could rewrite the screen
 * of the person who reads them.
 */
export function sanitise(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** Lays rows out in columns, two spaces apart; the last column is not padded. */
export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[], emptyText: string): string {
  if (rows.length === 0) return `${emptyText}\n`;
  const cells = [
    columns.map((column) => column.heading),
    ...rows.map((row) => columns.map((column) => sanitise(column.text(row)) || '-')),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => [...(line[index] ?? '')].length)));
  const lines = cells.map((line) =>
    line
      .map((cell, index) =>
        index === line.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - [...cell].length),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
