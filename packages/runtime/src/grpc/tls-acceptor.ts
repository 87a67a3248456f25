// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { TlsMaterial } from '../tls-material.ts';
import type { PeerCertificate } from './call-context.ts';
import { buildMaterialOptions, buildServerOptions, materialKey, readPeerCertificate } from './tls-settings.ts';

/** A connection whose handshake is over and whose peer is known. */
export interface AcceptedConnection {
  readonly id: number;
  readonly socket: TLSSocket;
  readonly peer: (PeerCertificate & { readonly notBefore: Date }) | undefined;
  /** `address:port`. */
  readonly remoteAddress: string;
  /** Of our certificate in this handshake. */
  readonly ownNotAfter: Date;
  readonly ownNotBefore: Date;
}

/** Listens, performs handshakes with the newest key material, judges client certificates. */
export interface TlsAcceptor {
  start(): Promise<number>;
  /** Stops listening; accepted connections stay. */
  stop(): Promise<void>;
}

export interface TlsAcceptorOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly clientCertificate: 'none' | 'request' | 'require';
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly handshakeTimeoutMs: number;
  material(): TlsMaterial | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  nextConnectionId(): number;
  onConnection(connection: AcceptedConnection): void;
}

class NetTlsAcceptor implements TlsAcceptor {
  readonly #o: TlsAcceptorOptions;
  readonly #net: Server;
  readonly #tls;
  readonly #perAddress = new Map<string, number>();
  readonly #handshaking = new Set<Socket>();
  #material: TlsMaterial | undefined;

  constructor(o: TlsAcceptorOptions) {
    this.#o = o;
    this.#net = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    this.#net.maxConnections = o.connectionsMax;
    this.#net.on('connection', (socket) => this.#beginHandshake(socket));
    this.#net.on('drop', () => o.logger.warn({ listener: o.name }, 'connection refused: too many'));
    this.#tls = createTlsServer(buildServerOptions(o.clientCertificate, o.handshakeTimeoutMs));
    this.#tls.on('secureConnection', (socket) => this.#accept(socket));
    this.#tls.on('tlsClientError', (error: Error & { code?: string }, socket) => {
      o.logger.debug({ listener: o.name, remoteAddress: socket.remoteAddress, code: error.code }, 'handshake failed');
      socket.destroy();
    });
  }

  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#net.once('error', reject);
      this.#net.listen(this.#o.port, this.#o.host, () => {
        this.#net.off('error', reject);
        this.#net.on('error', (error) =>
          this.#o.logger.error({ listener: this.#o.name, err: error }, 'listener failed'),
        );
        const address = this.#net.address();
        resolve(typeof address === 'object' && address !== null ? address.port : this.#o.port);
      });
    });
  }

  stop(): Promise<void> {
    for (const socket of this.#handshaking) socket.destroy();
    // `close` waits for the accepted connections, whose end the caller decides; the port is free at once.
    this.#net.close();
    return Promise.resolve();
  }

  #beginHandshake(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const address = socket.remoteAddress;
    if (address === undefined || !this.#countAddress(socket, address) || !this.#useNewestMaterial()) {
      socket.destroy();
      return;
    }
    this.#handshaking.add(socket);
    socket.once('close', () => this.#handshaking.delete(socket));
    this.#tls.emit('connection', socket);
  }

  /** False when the address has too many connections already. */
  #countAddress(socket: Socket, address: string): boolean {
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= this.#o.connectionsPerAddressMax) {
      this.#o.logger.warn(
        { listener: this.#o.name, remoteAddress: address },
        'connection refused: too many from one address',
      );
      return false;
    }
    this.#perAddress.set(address, count + 1);
    socket.once('close', () => {
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    return true;
  }

  /** False while there is no certificate to show. */
  #useNewestMaterial(): boolean {
    const { logger, name } = this.#o;
    const material = this.#o.material();
    if (material === undefined) {
      logger.debug({ listener: name }, 'connection refused: no certificate yet');
      return false;
    }
    if (this.#material !== undefined && materialKey(material) === materialKey(this.#material)) return true;
    try {
      this.#tls.setSecureContext(buildMaterialOptions(material));
      this.#material = material;
      return true;
    } catch (error) {
      logger.error({ listener: name, err: error }, 'key material unusable');
      return false;
    }
  }

  #accept(socket: TLSSocket): void {
    socket.on('error', () => socket.destroy());
    const refuse = (reason: string): void => {
      this.#o.logger.info(
        { listener: this.#o.name, remoteAddress: socket.remoteAddress, reason },
        'connection refused',
      );
      socket.destroy();
    };
    const material = this.#material;
    if (material === undefined || socket.remoteAddress === undefined) return refuse('no longer there');
    // Without ALPN nobody agreed to speak HTTP/2.
    if (socket.alpnProtocol !== 'h2') return refuse('no ALPN h2');
    const certificate = this.#o.clientCertificate === 'none' ? undefined : socket.getPeerX509Certificate();
    if (certificate === undefined && this.#o.clientCertificate === 'require') return refuse('no client certificate');
    if (certificate !== undefined && !socket.authorized) {
      return refuse(`client certificate refused: ${String(socket.authorizationError)}`);
    }
    let peer: ReturnType<typeof readPeerCertificate> | undefined;
    try {
      peer = certificate === undefined ? undefined : readPeerCertificate(certificate);
    } catch {
      return refuse('client certificate unreadable');
    }
    if (peer !== undefined && peer.notAfter <= this.#o.clock.now()) return refuse('client certificate expired');
    this.#o.onConnection({
      id: this.#o.nextConnectionId(),
      socket,
      peer,
      remoteAddress: `${socket.remoteAddress}:${socket.remotePort ?? 0}`,
      ownNotBefore: material.notBefore,
      ownNotAfter: material.notAfter,
    });
  }
}

/** Creates the acceptor of one listener. */
export function createTlsAcceptor(o: TlsAcceptorOptions): TlsAcceptor {
  return new NetTlsAcceptor(o);
}
