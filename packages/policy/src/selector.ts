// SPDX-License-Identifier: Apache-2.0
import { isSet, type SpecReader } from './spec-reader.ts';

/** Labels that a pod must carry; empty selects all pods. */
export type Selector = Readonly<Record<string, string>>;

/** Reads `{matchLabels: {…}}`. What cannot be read selects everything, and is a problem. */
export function readSelector(value: unknown, path: string, reader: SpecReader): Selector {
  if (!isSet(value)) return {};
  const selector = reader.fields(value, path, ['matchLabels']);
  const matchLabels = selector?.['matchLabels'];
  if (!isSet(matchLabels)) return {};
  if (typeof matchLabels !== 'object' || Array.isArray(matchLabels)) {
    reader.report('Invalid', `${path}.matchLabels must be an object of texts`);
    return {};
  }
  const labels: Record<string, string> = {};
  for (const [name, text] of Object.entries(matchLabels as object).toSorted(byFirst)) {
    if (typeof text === 'string') labels[name] = text;
    else reader.report('Invalid', `${path}.matchLabels.${name} must be a text`);
  }
  return labels;
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

/** True when a selector restricts anything. */
export function isRestricting(selector: Selector): boolean {
  return Object.keys(selector).length > 0;
}
