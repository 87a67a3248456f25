// SPDX-License-Identifier: Apache-2.0

/** Aligns rows in columns; cells lose control characters, as they may come from manifests. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const clean = [headings, ...rows].map((row) => row.map(sanitise));
  const widths = headings.map((_, column) => Math.max(...clean.map((row) => (row[column] ?? '').length)));
  return clean.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Text without control characters, so that a manifest cannot steer the terminal. */
export function sanitise(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '·');
}

/** Duration for people: `42s`, `3m`, `5h`, `2d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}
