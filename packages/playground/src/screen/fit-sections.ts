// SPDX-License-Identifier: Apache-2.0

/** A titled part of the screen. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
  /** Command that shows what does not fit. */
  readonly more: string;
}

const minLines = 3;
// Title and empty line.
const overhead = 2;

/** Lays sections out in at most `height` lines: the longest give way first, and say where the rest is. */
export function fitSections(sections: readonly Section[], height: number): string[] {
  const counts = sections.map(({ lines }) => lines.length);
  const total = (): number => counts.reduce((sum, count, index) => sum + count + overhead + (isCut(index) ? 1 : 0), 0);
  const isCut = (index: number): boolean => (counts[index] ?? 0) < (sections[index]?.lines.length ?? 0);
  while (total() > height) {
    const longest = Math.max(...counts);
    if (longest <= minLines) break;
    counts[counts.indexOf(longest)] = longest - 1;
  }
  return sections.flatMap(({ title, lines, more }, index) => {
    const shown = lines.slice(0, counts[index]);
    const rest = lines.length - shown.length;
    return [
      title,
      ...shown.map((line) => `  ${line}`),
      ...(rest === 0 ? [] : [`  … ${rest} more lines: npx --no ${more}`]),
      '',
    ];
  });
}
