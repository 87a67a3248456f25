// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Where a connection to Postgres is cut: before a statement reaches the server, or before its answer reaches the client. */
export type Cut = 'statement' | 'answer';

// ReadyForQuery outside of a transaction: the server has committed (PostgreSQL documentation, «Message Formats»).
const readyAndIdle = Buffer.from('5a0000000549', 'hex');

/** A TCP proxy in front of Postgres that loses one connection at a chosen point. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #plan: { readonly statement: RegExp; readonly cut: Cut } | undefined;
  #cuts = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => this.#join(client, connect(target, '127.0.0.1')));
  }

  static async start(targetPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections cut so far. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Cuts the connection on which the next matching statement is sent. */
  cutNext(statement: RegExp, cut: Cut): void {
    this.#plan = { statement, cut };
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, server: Socket): void {
    let isDoomed = false;
    const lose = (): void => {
      this.#cuts += 1;
      client.destroy();
      server.destroy();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    client.on('data', (bytes: Buffer) => {
      const plan = this.#plan;
      if (plan?.statement.test(bytes.toString('latin1')) === true) {
        this.#plan = undefined;
        if (plan.cut === 'statement') return lose();
        isDoomed = true;
      }
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (!isDoomed) client.write(bytes);
      else if (bytes.includes(readyAndIdle)) lose();
    });
  }
}
