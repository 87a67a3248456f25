// SPDX-License-Identifier: Apache-2.0
import { Server, type ChannelOptions } from '@grpc/grpc-js';
import { SignetError } from '@signet/model';
import { systemClock, type Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { TlsMaterial } from '../tls-material.ts';
import { adaptHandler, type AdapterDeps } from './call-adapter.ts';
import type { CallContext, PeerCertificate } from './call-context.ts';
import { connectionOf, requireUnexpired, serveConnection, type ServedConnection } from './connection.ts';
import { createHealthService, type HealthService } from './health-service.ts';
import { createReflectionServices } from './reflection-service.ts';
import type { ServiceRegistration } from './service-registration.ts';
import { handshakeTimeoutMs } from './tls-settings.ts';
import { createTlsAcceptor, type AcceptedConnection, type TlsAcceptor } from './tls-acceptor.ts';
import type { Metrics } from '../metrics.ts';

/** One port with its services and its rules about callers. */
export interface Listener {
  readonly name: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** `request` accepts callers without a certificate; a bad certificate is refused in each case but `none`. */
  readonly clientCertificate: 'none' | 'request' | 'require';
  readonly services: readonly ServiceRegistration[];
  /** Runs before each call but health and reflection; `method` is the full path. Throws SignetError to refuse. */
  readonly authorise: (context: CallContext, method: string) => Promise<void> | void;
  /** Largest request message in bytes; 4 MiB unless set. */
  readonly messageBytesMax?: number;
  /** Unless set, 20 000. */
  readonly connectionsMax?: number;
  /** Unless set, 2 000. */
  readonly connectionsPerAddressMax?: number;
  /** Unless set, 100. */
  readonly streamsPerConnectionMax?: number;
  /** A connection without a call is closed after this time, so that strangers do not use them up; 60 000 unless set. */
  readonly connectionIdleMs?: number;
}

/** gRPC over our own TLS termination. Health and reflection are on every listener. */
export interface GrpcServer {
  /** Resolves to the ports by listener name. */
  start(): Promise<ReadonlyMap<string, number>>;
  /** GOAWAY to all; what is open after `graceMs` (default 5 000) is cut. */
  stop(graceMs?: number): Promise<void>;
  /** What health answers; false until set. */
  setServing(isServing: boolean): void;
  /** Cuts the matching connections at once and returns how many. */
  closeConnections(match: (peer: PeerCertificate | undefined, connectionId: number) => boolean): number;
}

export interface GrpcServerOptions {
  readonly listeners: readonly Listener[];
  /** Asked at each handshake; while undefined, connections are refused. */
  material(): TlsMaterial | undefined;
  readonly logger: Logger;
  /** google.protobuf.FileDescriptorSet that reflection serves. */
  readonly descriptorSet: Buffer;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  /** What a peer has for its handshake, and again for its HTTP/2 preface; 5 000 unless set. */
  readonly handshakeTimeoutMs?: number;
}

/** Limits of grpc-js that every server of ours sets, as most are unlimited by default. */
export function serverLimits(
  listener: Pick<Listener, 'messageBytesMax' | 'streamsPerConnectionMax' | 'connectionIdleMs'>,
): ChannelOptions {
  return {
    'grpc.max_receive_message_length': listener.messageBytesMax ?? 4 * 1024 * 1024,
    'grpc.max_concurrent_streams': listener.streamsPerConnectionMax ?? 100,
    'grpc-node.max_session_memory': 64,
    'grpc.max_connection_idle_ms': listener.connectionIdleMs ?? 60_000,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.enable_channelz': 0,
  };
}

class TlsGrpcServer implements GrpcServer {
  readonly #o: GrpcServerOptions;
  readonly #clock: Clock;
  readonly #handshakeTimeoutMs: number;
  readonly #health: HealthService;
  readonly #parts: readonly { readonly name: string; readonly server: Server; readonly acceptor: TlsAcceptor }[];
  readonly #connections = new Map<number, ServedConnection>();
  #lastConnectionId = 0;

  constructor(o: GrpcServerOptions) {
    this.#o = o;
    this.#clock = o.clock ?? systemClock;
    this.#handshakeTimeoutMs = o.handshakeTimeoutMs ?? handshakeTimeoutMs;
    this.#health = createHealthService(o.listeners.flatMap((listener) => listener.services));
    this.#parts = o.listeners.map((listener) => this.#createPart(listener));
    o.metrics
      ?.gauge('signet_grpc_connections', 'Open connections of gRPC clients')
      .collect(() => this.#connections.size);
  }

  #createPart(listener: Listener): { readonly name: string; readonly server: Server; readonly acceptor: TlsAcceptor } {
    const server = new Server(serverLimits(listener));
    const calls = this.#o.metrics?.histogram('signet_grpc_call_seconds', 'Duration of gRPC calls that were answered', [
      'method',
      'code',
    ]);
    const deps: AdapterDeps = {
      logger: this.#o.logger,
      authorise: listener.authorise,
      originOf: (call) => this.#originOf(call),
      observe: (method, code, durationMs) => calls?.observe(durationMs / 1000, { method, code }),
    };
    addServices(server, listener.services, deps);
    const open: AdapterDeps = { ...deps, authorise: () => {} };
    addServices(
      server,
      [this.#health.registration, ...createReflectionServices(this.#o.descriptorSet, listener.services)],
      open,
    );
    const acceptor = createTlsAcceptor({
      name: listener.name,
      host: listener.host,
      port: listener.port,
      clientCertificate: listener.clientCertificate,
      connectionsMax: listener.connectionsMax ?? 20_000,
      connectionsPerAddressMax: listener.connectionsPerAddressMax ?? 2000,
      handshakeTimeoutMs: this.#handshakeTimeoutMs,
      material: () => this.#o.material(),
      logger: this.#o.logger,
      clock: this.#clock,
      nextConnectionId: () => (this.#lastConnectionId += 1),
      onConnection: (accepted) => this.#serve(server, accepted),
    });
    return { name: listener.name, server, acceptor };
  }

  #serve(server: Server, accepted: AcceptedConnection): void {
    const served = serveConnection({
      server,
      accepted,
      clock: this.#clock,
      jitter: Math.random() * 0.1,
      handshakeTimeoutMs: this.#handshakeTimeoutMs,
      onClose: () => this.#connections.delete(accepted.id),
    });
    this.#connections.set(accepted.id, served);
  }

  #originOf(call: { getAuthContext(): object | null }): AcceptedOrigin {
    const accepted = connectionOf(call)?.accepted;
    if (accepted === undefined) throw new SignetError('INTERNAL', 'a call without a connection');
    requireUnexpired(accepted, this.#clock);
    return { peer: accepted.peer, remoteAddress: accepted.remoteAddress, connectionId: accepted.id };
  }

  async start(): Promise<ReadonlyMap<string, number>> {
    const ports = new Map<string, number>();
    for (const { name, acceptor } of this.#parts) ports.set(name, await acceptor.start());
    return ports;
  }

  async stop(graceMs = 5000): Promise<void> {
    this.setServing(false);
    await Promise.all(this.#parts.map(({ acceptor }) => acceptor.stop()));
    const gone = [...this.#connections.values()].map(
      ({ accepted }) => new Promise<void>((resolve) => accepted.socket.once('close', () => resolve())),
    );
    for (const connection of this.#connections.values()) connection.drain(graceMs);
    const cut = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.destroy();
    }, graceMs);
    await Promise.all(gone);
    clearTimeout(cut);
    for (const { server } of this.#parts) server.forceShutdown();
  }

  setServing(isServing: boolean): void {
    this.#health.setServing(isServing);
  }

  closeConnections(match: (peer: PeerCertificate | undefined, connectionId: number) => boolean): number {
    const matching = [...this.#connections.values()].filter(({ accepted }) => match(accepted.peer, accepted.id));
    for (const connection of matching) connection.destroy();
    return matching.length;
  }
}

interface AcceptedOrigin {
  readonly peer: PeerCertificate | undefined;
  readonly remoteAddress: string;
  readonly connectionId: number;
}

/** Registers services on a grpc-js server; a method without a handler does not start. */
export function addServices(server: Server, services: readonly ServiceRegistration[], deps: AdapterDeps): void {
  for (const { definition, handlers } of services) {
    const implementation = Object.fromEntries(
      Object.entries(definition).map(([name, method]) => {
        const handler = handlers[name];
        if (handler === undefined) throw new Error(`${method.path} has no handler`);
        return [name, adaptHandler(method, handler, deps)];
      }),
    );
    server.addService(definition, implementation);
  }
}

/** Creates a server; nothing listens before `start`. */
export function createGrpcServer(o: GrpcServerOptions): GrpcServer {
  return new TlsGrpcServer(o);
}
