// SPDX-License-Identifier: Apache-2.0

/** Something wrong with a field of a policy. */
export interface Problem {
  /** Gateway API reason. `NotHonoured` leaves the rest of the object in force. */
  readonly reason: 'Invalid' | 'UnsupportedValue' | 'NotHonoured';
  /** What is wrong, where, and what is done instead. */
  readonly message: string;
}

/** A JSON object of unknown content. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads unchecked JSON and notes what is wrong with it; never throws. */
export interface SpecReader {
  readonly problems: readonly Problem[];
  /** Notes a problem. */
  report(reason: Problem['reason'], message: string): void;
  /** The object at `path`; unknown fields are problems. Undefined, with a problem, when it is something else. */
  fields(value: unknown, path: string, known: readonly string[]): Fields | undefined;
  /** The list at `path`, which must not be empty. */
  list(value: unknown, path: string): readonly unknown[];
  /** The texts at `path`, at least one, none of them empty. */
  texts(value: unknown, path: string): readonly string[];
}

/** Starts reading one object. */
export function createSpecReader(): SpecReader {
  const problems: Problem[] = [];
  const report = (reason: Problem['reason'], message: string): void => void problems.push({ reason, message });
  const list = (value: unknown, path: string): readonly unknown[] => {
    if (Array.isArray(value) && value.length > 0) return value;
    report('Invalid', `${path} must be a list with at least one entry`);
    return [];
  };
  return {
    problems,
    report,
    list,
    fields(value, path, known) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        report('Invalid', `${path} must be an object`);
        return undefined;
      }
      const fields = value as Fields;
      for (const name of Object.keys(fields).toSorted()) {
        if (!known.includes(name) && fields[name] !== undefined && fields[name] !== null) {
          report('UnsupportedValue', `${path}.${name} is not honoured`);
        }
      }
      return fields;
    },
    texts(value, path) {
      return list(value, path).flatMap((entry, index) => {
        if (typeof entry === 'string' && entry !== '') return [entry];
        report('Invalid', `${path}[${index}] must be a text that is not empty`);
        return [];
      });
    },
  };
}

/** True when a field is there. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A port number from 1 to 65535, or undefined. */
export function parsePort(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^[1-9][0-9]{0,4}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65535 ? port : undefined;
}
