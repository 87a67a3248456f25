// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { SignetError } from '@signet/model';
import { httpStatusOf, limitConnections, type Clock, type Logger, type TlsMaterial } from '@signet/runtime';
import type { Authorise } from '../authorise.ts';
import type { DiscoveryContext } from '../discovery-context.ts';
import { listEdges } from '../grpc/list-edges.ts';
import { listEndpoints } from '../grpc/list-endpoints.ts';
import { listFindings } from '../grpc/list-findings.ts';
import { listPolicies } from '../grpc/list-policies.ts';
import { listServices } from '../grpc/list-services.ts';
import { listWorkloads } from '../grpc/list-workloads.ts';
import { resync } from '../grpc/resync.ts';
import { watchInventory } from '../grpc/watch-inventory.ts';
import { peerOfSocket } from './peer-of-socket.ts';
import { wireToJson } from './wire-to-json.ts';

/** Options of createRestServer. */
export interface RestServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly context: DiscoveryContext;
  readonly authorise: Authorise;
  material(): TlsMaterial | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The inventory as JSON over HTTPS. */
export interface RestServer {
  start(): Promise<number>;
  stop(): Promise<void>;
}

const requestTimeoutMs = 10_000;
const connectionsMax = { total: 1_000, perAddress: 200 };
const rpcPrefix = '/signet.discovery.v1.Inventory/';

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function namespaceOf(request: FastifyRequest): string {
  const { namespace } = request.query as { namespace?: unknown };
  if (namespace === undefined) return '';
  if (typeof namespace === 'string') return namespace;
  throw new SignetError('REQUEST_INVALID', 'namespace: give it once', { field: 'namespace' });
}

/** `kinds=workload,finding`; all when absent. */
function kindsOf(request: FastifyRequest): string[] {
  const { kinds } = request.query as { kinds?: unknown };
  return typeof kinds === 'string' && kinds !== '' ? kinds.split(',') : [];
}

async function* jsonLines(events: AsyncIterable<unknown>): AsyncGenerator<string, void, undefined> {
  for await (const event of events) yield `${JSON.stringify(wireToJson(event))}\n`;
}

/** Status that fastify gives a request which never came to its handler; 500 for anything else. */
function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;
}

function sendError(error: unknown, reply: FastifyReply, logger: Logger): FastifyReply {
  if (error instanceof SignetError) {
    const { reason, message, field } = error;
    return reply
      .code(httpStatusOf(error.kind))
      .send({ error: { reason, message, ...(field === undefined ? {} : { field }) } });
  }
  const status = statusOf(error);
  if (status >= 400 && status < 500) {
    const message = 'the request cannot be read; these paths take no body';
    return reply.code(status).send({ error: { reason: 'REQUEST_INVALID', message } });
  }
  logger.error({ err: error }, 'REST request failed');
  return reply.code(500).send({ error: { reason: 'INTERNAL', message: 'internal error' } });
}

function addRoutes(app: FastifyInstance, o: RestServerOptions): void {
  const { context } = o;
  const lists = {
    services: ['ListServices', listServices(context)],
    workloads: ['ListWorkloads', listWorkloads(context)],
    endpoints: ['ListEndpoints', listEndpoints(context)],
    policies: ['ListPolicies', listPolicies(context)],
    edges: ['ListEdges', listEdges(context)],
    findings: ['ListFindings', listFindings(context)],
  } as const;
  const authorise = async (request: FastifyRequest, rpc: string): Promise<void> =>
    o.authorise({ peer: peerOfSocket(request.socket, o.clock), bearerToken: bearerOf(request) }, `${rpcPrefix}${rpc}`);
  for (const [name, [rpc, list]] of Object.entries(lists)) {
    app.get(`/v1/${name}`, async (request) => {
      await authorise(request, rpc);
      return wireToJson(await list({ namespace: namespaceOf(request) }));
    });
  }
  const watch = watchInventory(context);
  app.get('/v1/watch', async (request, reply) => {
    await authorise(request, 'WatchInventory');
    const ended = new AbortController();
    request.socket.once('close', () => ended.abort());
    const events = watch({ kinds: kindsOf(request) }, { signal: ended.signal });
    return reply.type('application/x-ndjson').send(Readable.from(jsonLines(events), { objectMode: false }));
  });
  const readAgain = resync(context);
  app.post('/v1/resync', async (request) => {
    await authorise(request, 'Resync');
    return wireToJson(await readAgain({}, { signal: AbortSignal.timeout(requestTimeoutMs) }));
  });
}

/** Given with every certificate: `setSecureContext` forgets what the server was made with. */
const protocolOptions = {
  minVersion: 'TLSv1.2',
  // A resumed session would skip the judgement of the client certificate.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
} as const;

function createTlsServer(): Server {
  return createServer({
    ...protocolOptions,
    requestCert: true,
    // A caller without a certificate may have a token; a bad certificate is refused in peerOfSocket.
    rejectUnauthorized: false,
    handshakeTimeout: 5_000,
    requestTimeout: requestTimeoutMs,
    headersTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 15_000,
    maxHeaderSize: 16 * 1024,
  });
}

/** Creates the server; handshakes fail until there is a certificate. */
export function createRestServer(o: RestServerOptions): RestServer {
  const server = createTlsServer();
  limitConnections(server, connectionsMax);
  server.on('tlsClientError', (error: Error & { code?: string }) =>
    o.logger.debug({ code: error.code }, 'REST handshake failed'),
  );
  let serial: string | undefined;
  let roots: string | undefined;
  const useNewest = (): void => {
    const material = o.material();
    if (material === undefined || (material.serial === serial && material.rootsPem === roots)) return;
    const { keyPem: key, certificateChainPem: cert, rootsPem: ca } = material;
    server.setSecureContext({ ...protocolOptions, key, cert, ca });
    ({ serial, rootsPem: roots } = material);
  };
  // Before the handshake of each connection.
  server.prependListener('connection', useNewest);
  const app = fastify({
    bodyLimit: 16 * 1024,
    serverFactory: (handler) => server.on('request', handler),
  });
  app.setErrorHandler((error, _, reply) => sendError(error, reply, o.logger));
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ error: { reason: 'REQUEST_INVALID', message: 'there is no such path' } }),
  );
  addRoutes(app as unknown as FastifyInstance, o);
  return {
    async start() {
      await app.ready();
      await app.listen({ host: o.host, port: o.port });
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : o.port;
    },
    async stop() {
      server.closeAllConnections();
      await app.close();
    },
  };
}
