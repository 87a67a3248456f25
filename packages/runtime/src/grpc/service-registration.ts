// SPDX-License-Identifier: Apache-2.0
import type { ServiceDefinition, deserialize, serialize } from '@grpc/grpc-js';
import type { TypedService } from '@signet/proto';
import type { CallContext } from './call-context.ts';

/** Answers one request. Throws SignetError to refuse. */
export type UnaryHandler<Q, R> = (request: Q, context: CallContext) => Promise<R>;
/** Answers one request with a stream; the stream is read no faster than the caller takes it. */
export type ServerStreamHandler<Q, R> = (request: Q, context: CallContext) => AsyncIterable<R>;
/** Answers a stream with a stream. */
export type BidiHandler<Q, R> = (requests: AsyncIterable<Q>, context: CallContext) => AsyncIterable<R>;

// The message types of a registration are known where it is made and erased where it is served.
// oxlint-disable-next-line typescript/no-explicit-any -- erased message types
export type AnyHandler = UnaryHandler<any, any> | ServerStreamHandler<any, any> | BidiHandler<any, any>;

/** A service with its handlers, by method name. */
export interface ServiceRegistration {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
}

type KnownKeys<T> = keyof { [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K] };

/** Whether and how a method streams, read from the generated handler type. */
export type MethodKind<F> = F extends (...parameters: infer P) => unknown
  ? P[0] extends { readonly request: unknown }
    ? P['length'] extends 1
      ? 'server-stream'
      : 'unary'
    : 'bidi'
  : never;

/** Message types of a generated method definition, from both sides. */
export type MethodTypes<M> = M extends {
  requestSerialize: serialize<infer SentRequest>;
  requestDeserialize: deserialize<infer ReadRequest>;
  responseSerialize: serialize<infer SentResponse>;
  responseDeserialize: deserialize<infer ReadResponse>;
}
  ? { sentRequest: SentRequest; readRequest: ReadRequest; sentResponse: SentResponse; readResponse: ReadResponse }
  : never;

type HandlerOf<Kind, T extends { readRequest: unknown; sentResponse: unknown }> = Kind extends 'unary'
  ? UnaryHandler<T['readRequest'], T['sentResponse']>
  : Kind extends 'server-stream'
    ? ServerStreamHandler<T['readRequest'], T['sentResponse']>
    : BidiHandler<T['readRequest'], T['sentResponse']>;

/** Names of the methods of a generated service. */
export type MethodNames<D, H> = KnownKeys<H> & KnownKeys<D>;

/** Handlers that a generated service wants. */
export type HandlersOf<D, H> = {
  readonly [K in MethodNames<D, H>]: HandlerOf<MethodKind<H[K]>, MethodTypes<D[K]>>;
};

/** Pairs a service from @signet/proto with handlers of exactly its types. */
export function service<D, H>(definition: TypedService<D, H>, handlers: HandlersOf<D, H>): ServiceRegistration {
  return { definition, handlers: handlers as Readonly<Record<string, AnyHandler>> };
}

/** Pairs a definition that was written by hand with its handlers. */
export function untypedService(
  definition: ServiceDefinition,
  handlers: Readonly<Record<string, AnyHandler>>,
): ServiceRegistration {
  return { definition, handlers };
}
