// SPDX-License-Identifier: Apache-2.0
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { ConnectionCounter } from './connection-counter.ts';
import { decodeFramedText, encodeText, frameMessage } from './grpc-message.ts';
import type { SampleIdentity } from './identity.ts';

const healthPath = '/grpc.health.v1.Health/Check';
// HealthCheckResponse{status: SERVING}
const serving = Buffer.from([0x08, 0x01]);

/** Serves unary gRPC without TLS: the health check, and an echo on every other method. */
export function createGrpcSampleServer(role: {
  readonly identity: SampleIdentity;
  readonly counter: ConnectionCounter;
}): http2.Http2Server {
  const server = http2.createServer();
  server.on('connection', (socket: Socket) => role.counter.add(socket));
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const chunks: Buffer[] = [];
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      const text = decodeFramedText(Buffer.concat(chunks));
      const message =
        path === healthPath ? serving : encodeText(JSON.stringify({ ...role.identity, method: path, text }));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(frameMessage(message));
    });
  });
  return server;
}
