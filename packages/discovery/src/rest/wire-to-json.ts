// SPDX-License-Identifier: Apache-2.0

function isTimestamp(value: object): value is { readonly seconds: number; readonly nanos: number } {
  const keys = Object.keys(value);
  return keys.length === 2 && 'seconds' in value && 'nanos' in value && typeof value.seconds === 'number';
}

/** A message as JSON: field names as in proto3's JSON form, timestamps in RFC 3339, 64-bit numbers as numbers. */
export function wireToJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wireToJson);
  if (typeof value !== 'object' || value === null) return value;
  if (isTimestamp(value)) return new Date(value.seconds * 1000 + Math.floor(value.nanos / 1e6)).toISOString();
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, wireToJson(one)]));
}
