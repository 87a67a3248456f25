// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server } from 'node:net';

/** Listens on one address and passes every connection on to another. */
export async function startForward(
  from: { readonly path: string } | { readonly host: string; readonly port: number },
  to: NetConnectOpts,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true });
    near.pipe(far).pipe(near);
    const destroy = (): void => {
      near.destroy();
      far.destroy();
    };
    near.on('error', destroy).on('close', destroy);
    far.on('error', destroy).on('close', destroy);
  });
  server.listen(from);
  await once(server, 'listening');
  return server;
}
