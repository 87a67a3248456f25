// SPDX-License-Identifier: Apache-2.0
import type { StringMatch } from '../condition.ts';

/** Reads Istio's patterns: `*`, `prefix*`, `*suffix`, exact text. Undefined for a `*` elsewhere. */
export function parseStringPattern(text: string): StringMatch | undefined {
  if (text === '*') return { kind: 'present', value: '' };
  const stars = text.split('*').length - 1;
  if (stars === 0) return { kind: 'exact', value: text };
  if (stars > 1) return undefined;
  if (text.endsWith('*')) return { kind: 'prefix', value: text.slice(0, -1) };
  if (text.startsWith('*')) return { kind: 'suffix', value: text.slice(1) };
  return undefined;
}

/** Text that matches itself in RE2. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
