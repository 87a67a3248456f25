// SPDX-License-Identifier: Apache-2.0
import type { AdsStream } from './ads-stream.ts';
import { carryRejections } from './reduce-session.ts';
import { noCarriedRejections, type CarriedRejections, type ProtocolVariant } from './session.ts';
import type { ProxyNode } from './wire-codec.ts';

/** Who is at the other end of a stream: proved, not claimed. */
export interface ProxyIdentity {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  /** Of the certificate on the connection, normalised. */
  readonly serial: string;
}

/** One ADS stream with what is known of its proxy. */
export interface ConnectedProxy {
  /** Unique among the streams of a process. */
  readonly id: number;
  readonly identity: ProxyIdentity;
  readonly node: ProxyNode;
  readonly variant: ProtocolVariant;
  readonly connectionId: number;
  readonly connectedAt: Date;
  readonly stream: AdsStream;
  /** Until then connections of replaced listeners and clusters drain; epoch, ms. */
  drainsUntilMs: number;
}

/** The open streams, and what closed ones leave behind. */
export interface ProxyRegistry {
  add(proxy: Omit<ConnectedProxy, 'id' | 'drainsUntilMs'>): ConnectedProxy;
  remove(proxy: ConnectedProxy): void;
  all(): Iterable<ConnectedProxy>;
  ofPod(podUid: string): readonly ConnectedProxy[];
  /** Rejections by the same pod and the same version of the proxy on earlier streams. */
  carried(podUid: string, version: string): CarriedRejections;
  /** Drops what is remembered of pods that are gone. */
  forgetPods(isGone: (podUid: string) => boolean): void;
  size(): number;
}

/** Creates an empty registry. */
export function createProxyRegistry(): ProxyRegistry {
  const proxies = new Map<number, ConnectedProxy>();
  const byPod = new Map<string, Set<ConnectedProxy>>();
  const remembered = new Map<string, { readonly version: string; readonly carried: CarriedRejections }>();
  let lastId = 0;
  return {
    add(proxy) {
      const connected: ConnectedProxy = { ...proxy, id: (lastId += 1), drainsUntilMs: 0 };
      proxies.set(connected.id, connected);
      const { podUid } = connected.identity;
      byPod.set(podUid, (byPod.get(podUid) ?? new Set()).add(connected));
      return connected;
    },
    remove(proxy) {
      const { podUid } = proxy.identity;
      proxies.delete(proxy.id);
      const streams = byPod.get(podUid);
      streams?.delete(proxy);
      if (streams?.size === 0) byPod.delete(podUid);
      const carried = carryRejections(proxy.stream.session());
      const hasRejections = [...carried.rejections.values()].some((ofType) => ofType.size > 0);
      if (hasRejections) remembered.set(podUid, { version: proxy.node.version, carried });
      else remembered.delete(podUid);
    },
    all: () => proxies.values(),
    ofPod: (podUid) => [...(byPod.get(podUid) ?? [])],
    carried(podUid, version) {
      const entry = remembered.get(podUid);
      return entry?.version === version ? entry.carried : noCarriedRejections;
    },
    forgetPods(isGone) {
      for (const podUid of remembered.keys()) if (isGone(podUid)) remembered.delete(podUid);
    },
    size: () => proxies.size,
  };
}
