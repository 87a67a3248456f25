// SPDX-License-Identifier: Apache-2.0
import type http from 'node:http';
import { endOfError, type CallEnd, type CallResult } from './call-result.ts';
import { callGrpc } from './grpc-call.ts';
import { callHttp } from './http-call.ts';
import { callTcp } from './tcp-call.ts';

/** Options of one call. */
export interface CallOptions {
  /** HTTP only. */
  readonly method: string;
  readonly timeoutMs: number;
  readonly caFile?: string;
  readonly agent?: http.Agent;
}

/**
 * Makes one call to `URL` or `METHOD URL`. Schemes: `http`, `https`, `grpc` (path `/package.Service/Method`), `tcp` (one line each way) and
 * `banner` (TCP where the server speaks first). Never throws: what went wrong is in the result.
 */
export async function call(target: string, options: CallOptions): Promise<CallResult> {
  const start = performance.now();
  const end = await dispatch(target, options).catch((error: unknown) =>
    endOfError(error instanceof Error ? error : new Error(String(error))),
  );
  return { target, ...end, latencyMs: Math.round((performance.now() - start) * 100) / 100 };
}

async function dispatch(target: string, options: CallOptions): Promise<CallEnd> {
  const [, method = options.method, address = target] = /^([A-Z]+) (.+)$/.exec(target) ?? [];
  const url = new URL(address);
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return callHttp(url, { ...options, method });
    case 'grpc:':
      return callGrpc(url, options);
    case 'tcp:':
      return callTcp(url, { timeoutMs: options.timeoutMs, isServerFirst: false });
    case 'banner:':
      return callTcp(url, { timeoutMs: options.timeoutMs, isServerFirst: true });
    default:
      throw new Error(`scheme «${url.protocol}» is not one of http, https, grpc, tcp, banner`);
  }
}
