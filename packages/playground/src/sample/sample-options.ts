// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';

/** What the process is asked to serve and to call. */
export interface ServeOptions {
  readonly name: string;
  readonly http: readonly number[];
  readonly grpc: readonly number[];
  readonly tcp: readonly number[];
  /** TCP ports on which the server speaks first. */
  readonly banner: readonly number[];
  readonly targets: readonly string[];
  /** Calls per second and target. */
  readonly rate: number;
  readonly timeoutMs: number;
}

/** Reads the command line of the server and caller roles; throws on what it does not know. */
export function parseServeOptions(args: readonly string[]): ServeOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string', default: 'sample' },
      http: { type: 'string', multiple: true, default: [] },
      grpc: { type: 'string', multiple: true, default: [] },
      tcp: { type: 'string', multiple: true, default: [] },
      banner: { type: 'string', multiple: true, default: [] },
      call: { type: 'string', multiple: true, default: [] },
      rate: { type: 'string', default: '1' },
      timeout: { type: 'string', default: '5000' },
    },
  });
  return {
    name: values.name,
    http: values.http.map(Number),
    grpc: values.grpc.map(Number),
    tcp: values.tcp.map(Number),
    banner: values.banner.map(Number),
    targets: values.call,
    rate: Number(values.rate),
    timeoutMs: Number(values.timeout),
  };
}

/** What the one-shot mode is asked to do. */
export interface OneShotOptions {
  readonly targets: readonly string[];
  readonly count: number;
  /** Calls at a time. */
  readonly parallel: number;
  readonly method: string;
  readonly timeoutMs: number;
  readonly caFile: string | undefined;
}

/** Reads the command line of `call URL…`. */
export function parseOneShotOptions(args: readonly string[]): OneShotOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '1' },
      parallel: { type: 'string', default: '1' },
      method: { type: 'string', default: 'GET' },
      timeout: { type: 'string', default: '5000' },
      ca: { type: 'string' },
    },
  });
  return {
    targets: positionals,
    count: Number(values.count),
    parallel: Number(values.parallel),
    method: values.method,
    timeoutMs: Number(values.timeout),
    caFile: values.ca,
  };
}
