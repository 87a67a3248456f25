// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import {
  Metadata,
  status,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { SignetError } from '@signet/model';
import { kindMappings } from '../error-status.ts';
import type { Logger } from '../logger.ts';
import { formatWireError, type WireError } from '../rich-status.ts';
import type { CallContext, PeerCertificate } from './call-context.ts';
import { readMessages } from './message-reader.ts';
import type { AnyHandler, BidiHandler, ServerStreamHandler, UnaryHandler } from './service-registration.ts';

/** What the connection of a call says about the caller. */
export interface CallOrigin {
  readonly peer: PeerCertificate | undefined;
  readonly remoteAddress: string;
  readonly connectionId: number;
}

type AnyCall =
  | Parameters<handleUnaryCall<unknown, unknown>>[0]
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

/** What every adapted method needs. */
export interface AdapterDeps {
  /** Throws when the connection is gone or its identity has expired. */
  originOf(call: AnyCall): CallOrigin;
  authorise(context: CallContext, method: string): Promise<void> | void;
  readonly logger: Logger;
  observe?(method: string, code: status, durationMs: number): void;
}

const bearerPattern = /^bearer +([\x21-\x7e]+)$/i;

function readMetadata(metadata: Metadata): {
  readonly bearerToken: string | undefined;
  readonly texts: ReadonlyMap<string, string>;
} {
  const texts = new Map<string, string>();
  let bearerToken: string | undefined;
  for (const [key, value] of Object.entries(metadata.getMap())) {
    if (typeof value !== 'string') continue;
    if (key === 'authorization') bearerToken = bearerPattern.exec(value)?.[1];
    else texts.set(key, value);
  }
  return { bearerToken, texts };
}

function buildContext(call: AnyCall, deps: AdapterDeps): CallContext {
  const origin = deps.originOf(call);
  const controller = new AbortController();
  // A call that was cancelled before its handler ran emits nothing any more.
  if (call.cancelled) controller.abort();
  const events: EventEmitter = call;
  events.once('cancelled', () => controller.abort());
  const { bearerToken, texts } = readMetadata(call.metadata);
  return { ...origin, bearerToken, metadata: texts, signal: controller.signal };
}

interface Served {
  /** Full path. */
  readonly method: string;
  readonly deps: AdapterDeps;
}

/** Turns whatever a handler threw into a status, and logs it, once. */
function refuse(error: unknown, call: AnyCall, { method, deps }: Served): WireError {
  if (call.cancelled) return { code: status.CANCELLED, details: 'cancelled', metadata: new Metadata() };
  if (error instanceof SignetError && error.kind !== 'internal') {
    const { detail, field, reason } = error;
    deps.logger[kindMappings[error.kind].logLevel](
      { rpc: method, reason, field, detail, err: error.cause },
      'call refused',
    );
    return formatWireError(error);
  }
  const correlationId = randomUUID();
  deps.logger.error({ rpc: method, correlationId, err: error }, 'call failed');
  return formatWireError(new SignetError('INTERNAL', `internal error; correlation id ${correlationId}`));
}

function adaptUnary(
  method: string,
  handler: UnaryHandler<unknown, unknown>,
  deps: AdapterDeps,
): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    const startedMs = performance.now();
    const answer = async (): Promise<unknown> => {
      const context = buildContext(call, deps);
      await deps.authorise(context, method);
      return await handler(call.request, context);
    };
    answer().then(
      (response) => {
        deps.observe?.(method, status.OK, performance.now() - startedMs);
        callback(null, response);
      },
      (error: unknown) => {
        const wire = refuse(error, call, { method, deps });
        deps.observe?.(method, wire.code, performance.now() - startedMs);
        callback(wire);
      },
    );
  };
}

/** Waits until the caller takes more, or has gone. */
function drained(call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'cancelled', 'close', 'error']) call.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'cancelled', 'close', 'error']) call.once(event, done);
  });
}

async function pipeResponses(
  responses: AsyncIterable<unknown>,
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
): Promise<void> {
  const iterator = responses[Symbol.asyncIterator]();
  let wake = (): void => {};
  call.once('cancelled', () => wake());
  try {
    while (!call.cancelled) {
      // Not Promise.race: it would leave one reaction for each message on a promise as long-lived as the call.
      const next = await new Promise<IteratorResult<unknown> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (next === undefined || next.done === true) return;
      if (!call.write(next.value)) await drained(call);
    }
  } finally {
    // A generator that waits for something else than the signal must not keep the call alive, so nobody waits for it.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function serveStream(
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  { method, deps }: Served,
  respond: (context: CallContext) => AsyncIterable<unknown>,
): void {
  const startedMs = performance.now();
  // The transport reports a peer that went away as an error too; `cancelled` is what we act on.
  call.on('error', () => {});
  const answer = async (): Promise<void> => {
    const context = buildContext(call, deps);
    await deps.authorise(context, method);
    call.sendMetadata(new Metadata());
    await pipeResponses(respond(context), call);
  };
  answer().then(
    () => {
      deps.observe?.(method, call.cancelled ? status.CANCELLED : status.OK, performance.now() - startedMs);
      call.end();
    },
    (error: unknown) => {
      const wire = refuse(error, call, { method, deps });
      deps.observe?.(method, wire.code, performance.now() - startedMs);
      call.emit('error', wire);
    },
  );
}

/** Wraps a handler so that grpc-js can call it: context, authorisation, errors, back-pressure, cancellation. */
export function adaptHandler(
  definition: MethodDefinition<unknown, unknown>,
  handler: AnyHandler,
  deps: AdapterDeps,
): UntypedHandleCall {
  const { path: method } = definition;
  if (!definition.responseStream) {
    if (definition.requestStream) throw new Error(`${method}: client streaming is not offered`);
    return adaptUnary(method, handler as UnaryHandler<unknown, unknown>, deps);
  }
  if (!definition.requestStream) {
    const respond = handler as ServerStreamHandler<unknown, unknown>;
    const serve: handleServerStreamingCall<unknown, unknown> = (call) =>
      serveStream(call, { method, deps }, (context) => respond(call.request, context));
    return serve;
  }
  const respond = handler as BidiHandler<unknown, unknown>;
  const serve: handleBidiStreamingCall<unknown, unknown> = (call) => {
    const requests = readMessages<unknown>(call);
    serveStream(call, { method, deps }, (context) => respond(requests, context));
  };
  return serve;
}
