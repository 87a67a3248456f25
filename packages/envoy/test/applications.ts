// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a TCP application says before it is asked. */
export const banner = 'BANNER\n';

/** Two applications behind a proxy: one of HTTP, one that speaks first and then echoes. */
export interface Applications {
  readonly httpPort: number;
  readonly tcpPort: number;
  /** Connections that the TCP application got. */
  connections(): number;
  stop(): Promise<void>;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Starts them on loopback. */
export async function startApplications(): Promise<Applications> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const http = createHttpServer((request, response) => {
    response.end(JSON.stringify({ url: request.url, caller: request.headers['x-forwarded-client-cert'] ?? '' }));
  });
  const tcp = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.write(banner);
    socket.pipe(socket);
  });
  for (const server of [http, tcp]) server.on('connection', (socket: Socket) => sockets.add(socket));
  const [httpPort, tcpPort] = [await listen(http), await listen(tcp)];
  return {
    httpPort,
    tcpPort,
    connections: () => connections,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([http, tcp].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
