// SPDX-License-Identifier: Apache-2.0
// Draws text from standard input as a terminal, in SVG: `… | node scripts/terminal-picture.ts > docs/demo.svg`.
import { text } from 'node:stream/consumers';

const characterWidth = 7.3;
const lineHeight = 16;
const margin = 14;

function escapeXml(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Colour of a line by what it says. */
function colourOf(line: string): string {
  if (/^[A-Z][a-z]+$/.test(line) || line.startsWith('Signet')) return '#7fd1b9';
  if (/HIGH|CRITICAL|no ALLOW|not accepted|intruder/.test(line)) return '#ff9d8a';
  if (line.includes('mtls')) return '#d7e8ff';
  return '#c8ccd4';
}

const lines = (await text(process.stdin)).trimEnd().split('\n');
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * characterWidth + 2 * margin);
const height = lines.length * lineHeight + 2 * margin;
const rows = lines.map((line, index) => {
  const y = margin + (index + 0.75) * lineHeight;
  return `<text x="${margin}" y="${y}" fill="${colourOf(line)}" xml:space="preserve">${escapeXml(line)}</text>`;
});
process.stdout.write(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="#1b1f27"/>`,
    `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n'),
);
