// SPDX-License-Identifier: Apache-2.0
import {
  ServerCredentials,
  ServerInterceptingCall,
  experimental,
  type Server,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { SignetError } from '@signet/model';
import type { Clock } from '../clock.ts';
import type { AcceptedConnection } from './tls-acceptor.ts';

/** Longest age of any connection, so that replicas rebalance. */
const ageMaxMs = 6 * 3600_000;
/** What streams get to end after GOAWAY. */
const agedGraceMs = 10_000;
// HTTP/2 preface (24 bytes) and the header of the SETTINGS frame that must follow it (RFC 9113 §3.4).
const prefaceBytes = 24 + 9;

/** A connection in service. */
export interface ServedConnection {
  readonly accepted: AcceptedConnection;
  /** GOAWAY, then destroy what is left after `graceMs`. */
  drain(graceMs: number): void;
  destroy(): void;
}

const origins = new WeakMap<object, ServedConnection>();

/** The connection that a call came in on; undefined for a call that did not come through serveConnection. */
export function connectionOf(call: { getAuthContext(): object | null }): ServedConnection | undefined {
  const context = call.getAuthContext();
  return context === null ? undefined : origins.get(context);
}

/** When a connection gets its GOAWAY, and how much later it is cut, in milliseconds. */
export interface ConnectionAge {
  readonly ageMs: number;
  readonly graceMs: number;
}

/** Half of the shorter certificate life, less `jitter` of it; cut at the latest when the peer's certificate ends. */
export function buildConnectionAge(accepted: AcceptedConnection, now: Date, jitter: number): ConnectionAge {
  const lives = [accepted.ownNotAfter.getTime() - accepted.ownNotBefore.getTime()];
  const { peer } = accepted;
  if (peer !== undefined) lives.push(peer.notAfter.getTime() - peer.notBefore.getTime());
  const remainingMs = Math.max(0, (peer?.notAfter ?? accepted.ownNotAfter).getTime() - now.getTime());
  const ageMs = Math.min(remainingMs, Math.min(ageMaxMs, ...lives.map((life) => life / 2)) * (1 - jitter));
  return { ageMs, graceMs: Math.min(agedGraceMs, remainingMs - ageMs) };
}

/** Refuses further calls of a peer whose certificate has ended, although the connection is still there. */
export function requireUnexpired(accepted: AcceptedConnection, clock: Clock): void {
  if (accepted.peer !== undefined && accepted.peer.notAfter <= clock.now()) {
    throw new SignetError('CERTIFICATE_REJECTED', 'the client certificate of this connection has expired');
  }
}

/**
 * Hands a connection to grpc-js, through an injector of its own: its interceptor ties every call to this very
 * connection, whatever addresses repeat, and it can be drained alone.
 */
export function serveConnection(o: {
  readonly server: Server;
  readonly accepted: AcceptedConnection;
  readonly clock: Clock;
  /** Fraction of the age that is taken off at random, 0 to 0.1. */
  readonly jitter: number;
  /** What the peer has for its HTTP/2 preface. */
  readonly handshakeTimeoutMs: number;
  onClose(): void;
}): ServedConnection {
  const { socket } = o.accepted;
  const authContext = {};
  const interceptor: ServerInterceptor = (_method, call) => {
    const bound = new ServerInterceptingCall(call);
    bound.getAuthContext = () => authContext;
    return bound;
  };
  const credentials = experimental.createServerCredentialsWithInterceptors(ServerCredentials.createInsecure(), [
    interceptor,
  ]);
  const injector = o.server.createConnectionInjector(credentials);

  const bytesAtHandover = socket.bytesRead;
  const prefaceTimer = setTimeout(() => {
    if (socket.bytesRead - bytesAtHandover < prefaceBytes) socket.destroy();
  }, o.handshakeTimeoutMs);
  const { ageMs, graceMs } = buildConnectionAge(o.accepted, o.clock.now(), o.jitter);
  // Timers of Node end at 2^31 − 1 ms; ageMaxMs is far below.
  const ageTimer = setTimeout(() => injector.drain(graceMs), ageMs);
  prefaceTimer.unref();
  ageTimer.unref();

  const served: ServedConnection = {
    accepted: o.accepted,
    drain: (graceMs) => injector.drain(graceMs),
    destroy: () => socket.destroy(),
  };
  origins.set(authContext, served);
  socket.once('close', () => {
    clearTimeout(prefaceTimer);
    clearTimeout(ageTimer);
    injector.destroy();
    o.onClose();
  });
  injector.injectConnection(socket);
  return served;
}
