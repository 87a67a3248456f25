// SPDX-License-Identifier: Apache-2.0
import {
  Metadata,
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { TypedService } from '@signet/proto';
import { SignetError } from '@signet/model';
import { toSignetError } from '../rich-status.ts';
import type { Channel } from './channel.ts';
import { readMessages } from './message-reader.ts';
import type { MethodKind, MethodNames, MethodTypes } from './service-registration.ts';

/** How long a unary call waits unless told otherwise. */
const defaultTimeoutMs = 30_000;

export interface CallControl {
  readonly signal?: AbortSignal;
  /** Unary calls end after 30 s unless set; streams live until closed. */
  readonly timeoutMs?: number;
}

export type UnaryCall<Q, R> = (request: Q, control?: CallControl) => Promise<R>;
export type ServerStreamCall<Q, R> = (request: Q, control?: CallControl) => AsyncIterable<R>;

/** Both directions of a bidirectional call. */
export interface BidiStream<Q, R> {
  /** Resolves when the transport takes more. */
  send(message: Q): Promise<void>;
  /** No more requests. */
  end(): void;
  /** Gives up the call. */
  cancel(): void;
  /** Throws SignetError when the call fails; leaving the loop cancels the call. */
  readonly responses: AsyncIterable<R>;
}
export type BidiCall<Q, R> = (control?: CallControl) => BidiStream<Q, R>;

type CallOf<Kind, T extends { sentRequest: unknown; readResponse: unknown }> = Kind extends 'unary'
  ? UnaryCall<T['sentRequest'], T['readResponse']>
  : Kind extends 'server-stream'
    ? ServerStreamCall<T['sentRequest'], T['readResponse']>
    : BidiCall<T['sentRequest'], T['readResponse']>;

/** The methods of a generated service as functions. Failures are SignetErrors. */
export type ServiceClient<D, H> = {
  readonly [K in MethodNames<D, H>]: CallOf<MethodKind<H[K]>, MethodTypes<D[K]>>;
};

type Method = MethodDefinition<unknown, unknown>;

async function buildCallMetadata(channel: Channel): Promise<Metadata> {
  const metadata = new Metadata();
  if (channel.token !== undefined) metadata.set('authorization', `Bearer ${(await channel.token()).trim()}`);
  return metadata;
}

function callOptions(timeoutMs: number | undefined): CallOptions {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function requireLive(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SignetError('CALL_CANCELLED', 'cancelled before the call');
}

function bindSignal(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
  const onAbort = (): void => call.cancel();
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => signal?.removeEventListener('abort', onAbort);
}

function unaryCall(channel: Channel, method: Method): UnaryCall<unknown, unknown> {
  return async (request, control = {}) => {
    requireLive(control.signal);
    const metadata = await buildCallMetadata(channel);
    return await new Promise((resolve, reject) => {
      const call = channel.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata,
        callOptions(control.timeoutMs ?? defaultTimeoutMs),
        (error, response) => {
          release();
          if (error === null) resolve(response);
          else reject(toSignetError(error));
        },
      );
      const release = bindSignal(call, control.signal);
    });
  };
}

/** Reads responses; translates errors; cancels the call when the reader leaves. */
async function* readResponses<R>(
  call: ClientReadableStream<R> | ClientDuplexStream<unknown, R>,
  release: () => void,
): AsyncGenerator<R> {
  try {
    yield* readMessages<R>(call);
  } catch (error) {
    throw toSignetError(error);
  } finally {
    release();
    call.cancel();
  }
}

function serverStreamCall(channel: Channel, method: Method): ServerStreamCall<unknown, unknown> {
  return async function* stream(request, control = {}) {
    requireLive(control.signal);
    const metadata = await buildCallMetadata(channel);
    const call = channel.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      callOptions(control.timeoutMs),
    );
    yield* readResponses(call, bindSignal(call, control.signal));
  };
}

function bidiCall(channel: Channel, method: Method): BidiCall<unknown, unknown> {
  return (control = {}) => {
    const opened = buildCallMetadata(channel).then((metadata) => {
      requireLive(control.signal);
      const call = channel.client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadata,
        callOptions(control.timeoutMs),
      );
      return { call, release: bindSignal(call, control.signal), responses: readMessages<unknown>(call) };
    });
    // Whoever sends or reads first sees the failure; nobody needs to.
    opened.catch(() => {});
    async function* responses(): AsyncGenerator<unknown> {
      const { call, release, responses: messages } = await opened;
      try {
        yield* messages;
      } catch (error) {
        throw toSignetError(error);
      } finally {
        release();
        call.cancel();
      }
    }
    return {
      async send(message) {
        const { call } = await opened;
        if (call.destroyed || call.writableEnded) throw new SignetError('CALL_CANCELLED', 'the call has ended');
        if (call.write(message)) return;
        await new Promise<void>((resolve) => {
          for (const event of ['drain', 'close', 'error', 'end']) call.once(event, () => resolve());
        });
      },
      end: () => void opened.then(({ call }) => call.end()).catch(() => {}),
      cancel: () => void opened.then(({ call }) => call.cancel()).catch(() => {}),
      responses: responses(),
    };
  };
}

function createCall(channel: Channel, method: Method): unknown {
  if (method.responseStream)
    return method.requestStream ? bidiCall(channel, method) : serverStreamCall(channel, method);
  if (method.requestStream) throw new Error(`${method.path}: client streaming is not offered`);
  return unaryCall(channel, method);
}

/** Creates promise and async-iterable functions for the methods of a service. */
export function createClient<D, H>(definition: TypedService<D, H>, channel: Channel): ServiceClient<D, H> {
  const methods = Object.entries(definition as ServiceDefinition).map(([name, method]) => [
    name,
    createCall(channel, method),
  ]);
  return Object.fromEntries(methods) as ServiceClient<D, H>;
}
