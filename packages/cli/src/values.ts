// SPDX-License-Identifier: Apache-2.0

/** google.protobuf.Timestamp as it comes from the codec. */
export interface WireTimestamp {
  readonly seconds: number | string | { toString(): string };
  readonly nanos: number;
}

/** Reads a timestamp of a message. */
export function parseTimestamp(value: WireTimestamp | null | undefined): Date | undefined {
  if (value === null || value === undefined) return undefined;
  return new Date(Number(value.seconds) * 1000 + Math.floor(value.nanos / 1e6));
}

const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1000 },
] as const;

/** `3d4h`, `17m`, `42s`: at most two units. */
export function formatDuration(durationMs: number): string {
  const index = units.findIndex((unit) => Math.abs(durationMs) >= unit.ms);
  const large = units[index];
  if (large === undefined) return '0s';
  const count = Math.floor(Math.abs(durationMs) / large.ms);
  const sign = durationMs < 0 ? '-' : '';
  const small = units[index + 1];
  const rest = small === undefined ? 0 : Math.floor((Math.abs(durationMs) % large.ms) / small.ms);
  const isShort = small === undefined || rest === 0 || count >= 10;
  return `${sign}${count}${large.name}${isShort ? '' : `${rest}${small.name}`}`;
}

/** Time since then; empty when unknown. */
export function formatAge(value: WireTimestamp | null | undefined, now: Date): string {
  const date = parseTimestamp(value);
  return date === undefined ? '' : formatDuration(Math.max(0, now.getTime() - date.getTime()));
}

/** Time until then, `expired` after it; empty when unknown. */
export function formatRemaining(value: WireTimestamp | null | undefined, now: Date): string {
  const date = parseTimestamp(value);
  if (date === undefined) return '';
  return date <= now ? 'expired' : formatDuration(date.getTime() - now.getTime());
}

function isTimestamp(value: object): value is WireTimestamp {
  const keys = Object.keys(value);
  return keys.length === 2 && 'seconds' in value && 'nanos' in value;
}

/** Messages as JSON shows them: timestamps in RFC 3339, keys as in protos/ in camel case. */
export function toJsonValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJsonValue);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (isTimestamp(value)) return parseTimestamp(value)?.toISOString();
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toJsonValue(child)]));
}

/** Reads `30s`, `500ms`, `2m` or plain seconds; undefined when it is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? 's'];
  return factor === undefined ? undefined : Number(count) * factor;
}

/** Splits `namespace/pod`. */
export function parsePodName(text: string): { readonly namespace: string; readonly pod: string } | undefined {
  const [, namespace, pod] = /^([a-z0-9][-a-z0-9]*)\/([a-z0-9][-a-z0-9.]*)$/.exec(text) ?? [];
  return namespace === undefined || pod === undefined ? undefined : { namespace, pod };
}
