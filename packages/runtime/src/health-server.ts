// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { limitConnections } from './connection-limit.ts';
import type { Metrics } from './metrics.ts';

/** HTTP without TLS for probes and scrapes; shows nothing secret. */
export interface HealthServer {
  /** Resolves to the port. */
  start(): Promise<number>;
  stop(): Promise<void>;
}

/** Creates the server of `/healthz/live`, `/healthz/ready` and `/metrics`. Port 0 picks a free one. */
export function createHealthServer(o: {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics | readonly Metrics[];
  isReady(): boolean;
}): HealthServer {
  const registries = 'render' in o.metrics ? [o.metrics] : o.metrics;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405).end();
      return;
    }
    switch (request.url) {
      case '/healthz/live':
        response.end('ok\n');
        return;
      case '/healthz/ready':
        response.writeHead(o.isReady() ? 200 : 503).end(o.isReady() ? 'ok\n' : 'not ready\n');
        return;
      case '/metrics': {
        const texts = await Promise.all(registries.map((registry) => registry.render()));
        response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
        response.end(mergeExpositions(texts));
        return;
      }
      default:
        response.writeHead(404).end('not found\n');
    }
  }

  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, connectionsCheckingInterval: 1000, maxHeaderSize: 8192 },
    (request, response) => {
      answer(request, response).catch(() => response.destroy());
    },
  );
  limitConnections(server, { total: 64, perAddress: 16 });
  server.on('clientError', (_error, socket) => socket.destroy());

  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(o.port, o.host, () => {
          server.off('error', reject);
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : o.port);
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Joins texts of several registries; process metrics, which every registry has, are kept once. */
function mergeExpositions(texts: readonly string[]): string {
  const seen = new Set<string>();
  const blocks: string[] = [];
  for (const block of texts.flatMap((text) => text.split(/\n(?=# HELP )/))) {
    const name = /^# HELP (\S+)/.exec(block)?.[1];
    if (name === undefined || seen.has(name)) continue;
    seen.add(name);
    blocks.push(block.trimEnd());
  }
  return `${blocks.join('\n')}\n`;
}
