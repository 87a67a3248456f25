// SPDX-License-Identifier: Apache-2.0
import type { ServiceDefinition } from '@grpc/grpc-js';
import { SignetError } from '@signet/model';
import { untypedService, type CallContext, type Clock, type ServiceRegistration } from '@signet/runtime';
import { createAdsStream, type StreamEvent } from './ads-stream.ts';
import type { ConnectedProxy, ProxyIdentity, ProxyRegistry } from './proxy-registry.ts';
import { typeUrls } from './resource-types.ts';
import { defaultSessionLimits, type DesiredState, type ProtocolVariant, type SessionLimits } from './session.ts';
import { decodeRequest, encodeResponse, type ProxyNode } from './wire-codec.ts';

const servicePath = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const raw = (bytes: Buffer): Buffer => bytes;

function bidiMethod(name: string) {
  return {
    path: `${servicePath}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
}

/** envoy.service.discovery.v3.AggregatedDiscoveryService with messages left as bytes. */
export const aggregatedDiscoveryService = {
  StreamAggregatedResources: bidiMethod('StreamAggregatedResources'),
  DeltaAggregatedResources: bidiMethod('DeltaAggregatedResources'),
} satisfies ServiceDefinition;

/** What the service needs from its owner. */
export interface AdsServiceOptions {
  readonly registry: ProxyRegistry;
  readonly clock: Clock;
  readonly limits?: Partial<SessionLimits>;
  /** Streams of one pod, at most: an old one may linger while a new one is open. More end the oldest. Default 4. */
  readonly streamsPerPodMax?: number;
  /** Proves who is calling; may wait. Throws SignetError to refuse; nothing is sent before it resolves. */
  identify(node: ProxyNode, context: CallContext): Promise<ProxyIdentity>;
  /** Present state of a proxy; undefined while there is none. Later states come through `ConnectedProxy.stream.desire`. */
  desiredFor(proxy: ConnectedProxy): DesiredState | undefined;
  onOpen?(proxy: ConnectedProxy): void;
  onClose?(proxy: ConnectedProxy): void;
  onEvent?(proxy: ConnectedProxy, event: StreamEvent): void;
  /** Called with the size of each response, in bytes. */
  onSent?(proxy: ConnectedProxy, typeUrl: string, sizeBytes: number): void;
}

/** Requests of one stream in a second; a client that sends more is read more slowly. */
const requestsPerSecondMax = 500;

/** The registration for a runtime listener that requires a client certificate. */
export function createAdsService(o: AdsServiceOptions): ServiceRegistration {
  const handler = (variant: ProtocolVariant) => (requests: AsyncIterable<Buffer>, context: CallContext) =>
    serveStream({ ...o, variant, requests, context });
  return untypedService(aggregatedDiscoveryService, {
    StreamAggregatedResources: handler('sotw'),
    DeltaAggregatedResources: handler('delta'),
  });
}

interface StreamInput extends AdsServiceOptions {
  readonly variant: ProtocolVariant;
  readonly requests: AsyncIterable<Buffer>;
  readonly context: CallContext;
}

async function* serveStream(o: StreamInput): AsyncGenerator<Buffer, void> {
  const iterator = o.requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true || o.context.signal.aborted) return;
  const { node, request } = read(o, first.value);
  if (node === undefined)
    throw new SignetError('REQUEST_INVALID', 'the first request carries no node', { field: 'node' });
  const identity = await o.identify(node, o.context);
  if (o.context.signal.aborted) return;
  endSurplus(o, identity.podUid);
  const proxy = openProxy(o, identity, node);
  const end = (): void => proxy.stream.end();
  o.context.signal.addEventListener('abort', end, { once: true });
  o.onOpen?.(proxy);
  try {
    const desired = o.desiredFor(proxy);
    if (desired !== undefined) proxy.stream.desire(desired);
    proxy.stream.receive(request);
    void readRequests(o, proxy, iterator);
    for await (const response of proxy.stream.responses()) {
      const bytes = encodeResponse(o.variant, response);
      o.onSent?.(proxy, response.typeUrl, bytes.length);
      yield bytes;
    }
  } finally {
    o.context.signal.removeEventListener('abort', end);
    proxy.stream.end();
    void iterator.return?.();
    o.registry.remove(proxy);
    o.onClose?.(proxy);
  }
}

/** A connection that broke without a word is noticed late; its pod must not be locked out by it. */
function endSurplus(o: StreamInput, podUid: string): void {
  const open = o.registry.ofPod(podUid).toSorted((left, right) => left.id - right.id);
  const surplus = open.length - (o.streamsPerPodMax ?? 4) + 1;
  for (const { stream } of open.slice(0, Math.max(0, surplus))) {
    stream.fail(new SignetError('RATE_EXCEEDED', 'newer streams of this pod took the place of this one'));
  }
}

function openProxy(o: StreamInput, identity: ProxyIdentity, node: ProxyNode): ConnectedProxy {
  const drainMs = o.limits?.drainMs ?? defaultSessionLimits.drainMs;
  const nowMs = (): number => o.clock.now().getTime();
  const stream = createAdsStream({
    variant: o.variant,
    carried: o.registry.carried(identity.podUid, node.version),
    nowMs,
    ...(o.limits === undefined ? {} : { limits: o.limits }),
    onEvent: (event) => {
      if (event.kind === 'acknowledged' && event.hasReplaced && causesDrain(event.typeUrl))
        proxy.drainsUntilMs = nowMs() + drainMs;
      o.onEvent?.(proxy, event);
    },
  });
  const proxy = o.registry.add({
    identity,
    node,
    variant: o.variant,
    connectionId: o.context.connectionId,
    connectedAt: o.clock.now(),
    stream,
  });
  return proxy;
}

function causesDrain(typeUrl: string): boolean {
  return typeUrl === typeUrls.listener || typeUrl === typeUrls.cluster;
}

function read(o: StreamInput, bytes: Buffer) {
  const message = decodeRequest(o.variant, bytes);
  if (message.ok) return message.value;
  throw new SignetError('REQUEST_INVALID', 'the message is not a discovery request', { detail: message.error });
}

async function readRequests(o: StreamInput, proxy: ConnectedProxy, iterator: AsyncIterator<Buffer>): Promise<void> {
  let windowStartMs = performance.now();
  let count = 0;
  try {
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return proxy.stream.end();
      const { node, request } = read(o, next.value);
      if (node !== undefined && node.id !== proxy.node.id) {
        throw new SignetError('NODE_ID_MISMATCH', 'the node id changed within the stream', { field: 'node.id' });
      }
      proxy.stream.receive(request);
      count += 1;
      if (count < requestsPerSecondMax) continue;
      const restMs = 1000 - (performance.now() - windowStartMs);
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs).unref());
      windowStartMs = performance.now();
      count = 0;
    }
  } catch (error) {
    proxy.stream.fail(error instanceof Error ? error : new Error(String(error)));
  }
}
