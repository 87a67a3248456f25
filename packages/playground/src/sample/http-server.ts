// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import type { Caller } from './caller.ts';
import type { ConnectionCounter } from './connection-counter.ts';
import type { SampleIdentity } from './identity.ts';

/** What the HTTP role serves from. */
export interface HttpRole {
  readonly identity: SampleIdentity;
  readonly caller: Caller;
  readonly counter: ConnectionCounter;
}

/**
 * Serves `/healthz`, `/count` (connections taken, requests served), `/calls` (what became of the calls made); every
 * other path echoes who answered what.
 */
export function createHttpServer(role: HttpRole): http.Server {
  let requests = 0;
  const server = http.createServer((request, response) => {
    request.resume();
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const answer = (body: unknown): void => {
      const text = `${JSON.stringify(body)}\n`;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    };
    if (path === '/healthz') return answer({ status: 'ok' });
    if (path === '/count')
      return answer({
        ...role.identity,
        connections: role.counter.connections(),
        requests,
        byAddress: role.counter.byAddress(),
      });
    if (path === '/calls') return answer(role.caller.counts());
    requests += 1;
    return answer({ ...role.identity, method: request.method, path });
  });
  // A proxy in front decides how long an idle connection is kept; closing it here races with its next request.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => role.counter.add(socket));
  return server;
}
