// SPDX-License-Identifier: Apache-2.0
export { aggregatedDiscoveryService, createAdsService, type AdsServiceOptions } from './ads-service.ts';
export type { AdsStream, StreamEvent } from './ads-stream.ts';
export { createProxyRegistry, type ConnectedProxy, type ProxyIdentity, type ProxyRegistry } from './proxy-registry.ts';
export { hasRejections, proxyTypeStates, type ProxyTypeState } from './proxy-state.ts';
export { reduceSession } from './reduce-session.ts';
export { resourceType, resourceTypes, typeUrls, type ResourceType } from './resource-types.ts';
export {
  createSession,
  defaultSessionLimits,
  type DesiredState,
  type ProtocolVariant,
  type Rejection,
  type Session,
  type SessionEffect,
  type SessionLimits,
  type SessionMessage,
} from './session.ts';
export { decodeRequest, encodeResponse, type ProxyNode } from './wire-codec.ts';
