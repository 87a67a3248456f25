// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { LineCounter, isNode, parse, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { formatEnvName, listConfigLeaves } from './config-leaves.ts';

/** Everything that is wrong with a configuration, one line for each problem. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Where the parts of a configuration come from; the later ones win: file, environment, flags, overrides. */
export interface ConfigSources {
  /** YAML. */
  readonly file?: string;
  readonly env: NodeJS.ProcessEnv;
  /** `SIGNET`: SIGNET_LISTEN_PORT_BASE sets `listen.portBase`. */
  readonly envPrefix: string;
  /** By dotted path, as typed on a command line: text that is read like an environment variable. */
  readonly flags?: Readonly<Record<string, string>>;
  /** By dotted path, as values. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

interface ParsedFile {
  readonly value: unknown;
  readonly problems: readonly string[];
  /** `file:line` of a path, or of the nearest place above it. */
  locate(path: readonly PropertyKey[]): string | undefined;
}

function readText(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: readFileSync(file, 'utf8') };
  } catch (error) {
    return { problem: `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function locateIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

function readConfigFile(file: string): ParsedFile {
  const read = readText(file);
  if ('problem' in read) return { value: {}, problems: [read.problem], locate: () => undefined };
  const lines = new LineCounter();
  const document = parseDocument(read.text, { lineCounter: lines, prettyErrors: false });
  const problems = document.errors.map(
    (error) => `${file}:${lines.linePos(error.pos[0]).line}:${lines.linePos(error.pos[0]).col}: ${error.message}`,
  );
  return {
    value: problems.length > 0 ? {} : (document.toJS() ?? {}),
    problems,
    locate: (path) => {
      const line = locateIn(document, lines, path);
      return line === undefined ? undefined : `${file}:${line}`;
    },
  };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function setPath(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop();
  if (last === undefined || [...keys, last].includes('__proto__')) return;
  let place = target;
  for (const key of keys) {
    const next = place[key];
    if (isPlainObject(next)) place = next;
    else {
      const created: Record<string, unknown> = {};
      place[key] = created;
      place = created;
    }
  }
  place[last] = value;
}

/** Numbers, booleans and lists are written in YAML's flow style; a text setting takes its variable as it is. */
function parseEnvValue(text: string, isText: boolean): unknown {
  if (isText) return text;
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function describeIssue(issue: z.core.$ZodIssue, parsed: ParsedFile, envPrefix: string): readonly string[] {
  const at = (path: readonly PropertyKey[], message: string): string => {
    const place = parsed.locate(path);
    return `${place === undefined ? '' : `${place}: `}${formatPath(path) || '(top)'}: ${message}`;
  };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => at([...issue.path, key], 'unknown key'));
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.includes('received undefined');
  if (isMissing) {
    return [at(issue.path, `missing; set it in the file or as ${formatEnvName(envPrefix, formatPath(issue.path))}`)];
  }
  return [at(issue.path, issue.message)];
}

/**
 * Reads, merges and checks a configuration once; the result is frozen. Throws ConfigError with every problem found in
 * any source.
 */
export function loadConfig<T>(o: ConfigSources & { readonly schema: z.ZodType<T> }): T {
  const parsed: ParsedFile =
    o.file === undefined ? { value: {}, problems: [], locate: () => undefined } : readConfigFile(o.file);
  const problems = [...parsed.problems];
  const raw: Record<string, unknown> = isPlainObject(parsed.value) ? structuredClone(parsed.value) : {};
  if (!isPlainObject(parsed.value)) problems.push(`${o.file ?? ''}: expected a mapping at the top`);
  const isText = new Map<string, boolean>();
  for (const leaf of listConfigLeaves(o.schema, o.envPrefix)) {
    isText.set(leaf.path, leaf.isText);
    const text = o.env[leaf.envName];
    if (text !== undefined && text !== '') setPath(raw, leaf.path, parseEnvValue(text, leaf.isText));
  }
  for (const [path, text] of Object.entries(o.flags ?? {}))
    setPath(raw, path, parseEnvValue(text, isText.get(path) ?? true));
  for (const [path, value] of Object.entries(o.overrides ?? {})) {
    if (value !== undefined) setPath(raw, path, value);
  }
  const outcome = o.schema.safeParse(raw, { reportInput: false });
  // A file that does not parse would make every key look missing.
  if (!outcome.success && parsed.problems.length === 0) {
    problems.push(...outcome.error.issues.flatMap((issue) => describeIssue(issue, parsed, o.envPrefix)));
  }
  if (problems.length > 0 || !outcome.success) throw new ConfigError(problems);
  return deepFreeze(outcome.data);
}

/** The effective configuration for people: secrets are `[redacted]`. */
export function redactConfig(schema: z.core.$ZodType, config: unknown): unknown {
  const secretPaths = new Set(
    listConfigLeaves(schema, '')
      .filter((leaf) => leaf.isSecret)
      .map((leaf) => leaf.path),
  );
  const copy = (value: unknown, path: string): unknown => {
    if (secretPaths.has(path) && value !== undefined) return '[redacted]';
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, copy(child, path === '' ? key : `${path}.${key}`)]),
    );
  };
  return copy(config, '');
}
