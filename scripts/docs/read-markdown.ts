// SPDX-License-Identifier: Apache-2.0

/** A link of a document. */
export interface MarkdownLink {
  readonly text: string;
  readonly target: string;
}

const fence = /^(```|~~~).*?^\1[^\S\n]*$/gms;
const codeSpan = /`([^`\n]+)`/g;

/** The text without code blocks. */
function prose(text: string): string {
  return text.replaceAll(fence, '');
}

/** Inline links and images; code is left out. */
export function readLinks(text: string): readonly MarkdownLink[] {
  return [
    ...prose(text)
      .replaceAll(codeSpan, 'code')
      .matchAll(/!?\[([^\]]*)\]\(([^()\s]+)\)/g),
  ].map(([, label = '', target = '']) => ({ text: label, target }));
}

/** Code spans, code blocks excepted. */
export function readCodeSpans(text: string): readonly string[] {
  return [...prose(text).matchAll(codeSpan)].map(([, span = '']) => span);
}

/** Headings of the second level and the text below each, up to the next. */
export function readSections(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      return [heading.trim(), lines.join('\n')];
    }),
  );
}

/** Cells of the rows of all tables in the text, headings and rules left out. */
export function readTableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map((line) => (line.startsWith('|') ? line : undefined));
  return lines.flatMap((line, index) => {
    const isHeading = lines[index + 1]?.startsWith('|---') === true;
    if (line === undefined || line.startsWith('|---') || isHeading) return [];
    return [
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    ];
  });
}

/** Fragments that links may name: the headings as GitHub spells them. */
export function readAnchors(text: string): ReadonlySet<string> {
  return new Set(
    [...prose(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}
