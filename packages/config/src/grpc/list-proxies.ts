// SPDX-License-Identifier: Apache-2.0
import type { ListProxiesRequest__Output, ListProxiesResponse, Proxy, TypeState } from '@signet/proto';
import { proxyTypeStates, type ConnectedProxy, type ProxyRegistry, type ProxyTypeState } from '@signet/xds';

/** ProxyStatus.ListProxies. */
export function createListProxies(registry: Pick<ProxyRegistry, 'all'>) {
  return async (request: ListProxiesRequest__Output): Promise<ListProxiesResponse> => {
    const proxies = [...registry.all()]
      .filter(({ identity }) => request.namespace === '' || identity.namespace === request.namespace)
      .toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
    return { proxies: proxies.map(encodeProxy) };
  };
}

function sortKey({ identity, id }: ConnectedProxy): string {
  return `${identity.namespace}/${identity.pod}/${String(id).padStart(12, '0')}`;
}

function encodeTime(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function encodeProxy({ identity, node, variant, connectedAt, stream }: ConnectedProxy): Proxy {
  const session = stream.session();
  return {
    podUid: identity.podUid,
    namespace: identity.namespace,
    pod: identity.pod,
    nodeId: node.id,
    serial: identity.serial,
    version: node.version,
    delta: variant === 'delta',
    connectedAt: encodeTime(connectedAt.getTime()),
    types: proxyTypeStates(session).map(encodeType),
    ackedRevision: session.settled === undefined ? null : { ...session.settled.revision },
  };
}

function encodeType(state: ProxyTypeState): TypeState {
  return {
    typeUrl: state.typeUrl,
    desired: state.desired,
    acked: state.acknowledged,
    nacks: state.rejections.map(({ name, hash, message, atMs }) => ({
      resource: name,
      version: hash,
      message,
      time: encodeTime(atMs),
    })),
    pushes: state.pushes,
  };
}
