// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from '../logger.ts';
import { addServices, serverLimits } from './server.ts';
import type { ServiceRegistration } from './service-registration.ts';

/** gRPC without TLS on a socket in the file system; who can open the file may call. */
export interface UnixGrpcServer {
  start(): Promise<void>;
  stop(graceMs?: number): Promise<void>;
}

/** Creates the agent's server. A socket file that a killed process left behind is replaced. */
export function createUnixGrpcServer(o: {
  readonly socketPath: string;
  readonly services: readonly ServiceRegistration[];
  readonly logger: Logger;
  /** File mode of the socket; 0o660 unless set. */
  readonly mode?: number;
}): UnixGrpcServer {
  const server = new Server(serverLimits({}));
  let lastConnectionId = 0;
  addServices(server, o.services, {
    logger: o.logger,
    authorise: () => {},
    originOf: () => ({ peer: undefined, remoteAddress: `unix:${o.socketPath}`, connectionId: (lastConnectionId += 1) }),
  });
  return {
    async start() {
      await mkdir(path.dirname(o.socketPath), { recursive: true });
      await rm(o.socketPath, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.bindAsync(`unix:${o.socketPath}`, ServerCredentials.createInsecure(), (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      await chmod(o.socketPath, o.mode ?? 0o660);
    },
    async stop(graceMs = 2000) {
      await new Promise<void>((resolve) => {
        const cut = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, graceMs);
        server.tryShutdown(() => {
          clearTimeout(cut);
          resolve();
        });
      });
      await rm(o.socketPath, { force: true });
    },
  };
}
