// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { limitConnections } from '@signet/runtime';
import type { AgentConfig } from '../config.ts';
import { runProbe } from './probe.ts';

/** Plain HTTP for the kubelet: readiness, rewritten probes, metrics. Shows nothing secret. */
export interface StatusServer {
  /** Resolves to the port. */
  start(): Promise<number>;
  stop(): Promise<void>;
}

/** What the server answers with. */
export interface StatusServerDeps {
  readonly host: string;
  readonly port: number;
  readonly probes: AgentConfig['probes'];
  /** Names of what is missing; empty when the pod may take calls. */
  readonly missing: () => Promise<readonly string[]>;
  readonly renderMetrics: () => Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

const probePath = /^\/app-health\/([^/]+)\/(livez|readyz|startupz)$/;

/** Creates the server. */
export function createStatusServer(deps: StatusServerDeps): StatusServer {
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    (request, response) => {
      answer(deps, request).then(
        (found) => write(response, found),
        () => response.destroy(),
      );
    },
  );
  limitConnections(server, { total: 256, perAddress: 32 });
  server.on('clientError', (_cause, socket) => socket.destroy());
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(deps.port, deps.host, () => {
          server.off('error', reject);
          const bound = server.address();
          resolve(typeof bound === 'object' && bound !== null ? bound.port : deps.port);
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(deps: StatusServerDeps, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, body: 'GET only\n' };
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path === '/healthz/live') return { status: 200, body: 'ok\n' };
  if (path === '/healthz/ready') {
    const missing = await deps.missing();
    return missing.length === 0
      ? { status: 200, body: 'ok\n' }
      : { status: 503, body: `missing: ${missing.join(', ')}\n` };
  }
  if (path === '/metrics') {
    return { status: 200, body: await deps.renderMetrics(), contentType: 'text/plain; version=0.0.4; charset=utf-8' };
  }
  return answerProbe(deps.probes, path);
}

async function answerProbe(probes: AgentConfig['probes'], path: string): Promise<Answer> {
  const [, container, kind] = probePath.exec(path) ?? [];
  if (container === undefined || !Object.hasOwn(probes, container)) return { status: 404, body: 'not found\n' };
  const own = probes[container];
  const probe = kind === 'livez' ? own?.livez : kind === 'readyz' ? own?.readyz : own?.startupz;
  if (probe === undefined) return { status: 404, body: 'the container has no such probe\n' };
  const { isHealthy, message } = await runProbe(probe);
  return { status: isHealthy ? 200 : 503, body: `${message}\n` };
}

function write(response: ServerResponse, { status, body, contentType }: Answer): void {
  response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8', connection: 'close' });
  response.end(body);
}
