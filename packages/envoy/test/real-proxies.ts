// SPDX-License-Identifier: Apache-2.0
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { compilePolicies, evaluate } from '@signet/policy';
import { startEnvoy, type TestAuthority, type TestEnvoy } from '@signet/testing';
import { projectionInput, projectWorkload } from '../src/index.ts';
import { rootNamespace, snapshotOf, trustDomain, uidOf, type World } from './golden-world.ts';
import { resourceDocument } from './resource-json.ts';
import { staticBootstrap } from './static-bootstrap.ts';

/** What a real proxy of the pod `server` needs in a test without capture. */
export interface InboundProxyOptions {
  readonly world: World;
  readonly authority: TestAuthority;
  /** Ports on loopback that the inbound listener is bound to; connections to them look redirected. */
  readonly ports: readonly number[];
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly logPort: number;
  readonly version?: string;
  /** Account in its certificate; default `server`. */
  readonly account?: string;
}

function loopback(port: number): JsonObject {
  return { socketAddress: { address: '127.0.0.1', portValue: port } };
}

function staticCluster(name: string, port: number, options: JsonObject = {}): JsonObject {
  const endpoints = [{ lbEndpoints: [{ endpoint: { address: loopback(port) } }] }];
  return { name, type: 'STATIC', connectTimeout: '2s', loadAssignment: { clusterName: name, endpoints }, ...options };
}

function keyPair(
  name: string,
  owner: { readonly authority: TestAuthority; readonly account: string; readonly dnsNames: readonly string[] },
): JsonObject {
  const uris = [`spiffe://${trustDomain}/ns/shop/sa/${owner.account}`];
  const { chainPem, keyPem } = owner.authority.issue({ uris, dnsNames: owner.dnsNames });
  return {
    name,
    tlsCertificate: { certificateChain: { inlineString: chainPem }, privateKey: { inlineString: keyPem } },
  };
}

/** Key pairs stand in the file instead of coming from an agent. */
function withStaticKeyPairs(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withStaticKeyPairs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      if (key !== 'tlsCertificateSdsSecretConfigs' || !Array.isArray(entry)) return [key, withStaticKeyPairs(entry)];
      return [key, entry.map((config) => ({ name: (config as JsonObject)['name'] ?? '' }))];
    }),
  );
}

const http2 = {
  typedExtensionProtocolOptions: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicitHttpConfig: { http2ProtocolOptions: {} },
    },
  },
};

interface StaticParts {
  readonly rest: JsonObject;
  readonly listeners: readonly JsonObject[];
  readonly clusters: readonly JsonObject[];
}

/** What is projected for a pod, as parts of a bootstrap without streams. */
function staticParts(world: World, pod: string): StaticParts {
  const snapshot = snapshotOf(world);
  const compiled = compilePolicies(snapshot.policies.values(), { trustDomain, rootNamespace });
  const { graph } = evaluate({ snapshot, compiled, trustDomain, rootNamespace });
  const mesh = { trustDomain, rootNamespace };
  const projection = projectionInput({ snapshot, graph, workloadUid: uidOf(pod), mesh });
  if (projection === undefined) throw new Error(`the world has no pod «${pod}»`);
  const document = resourceDocument(projectWorkload(projection));
  const { staticResources, dynamicResources: _, ...rest } = withStaticKeyPairs(staticBootstrap(document)) as JsonObject;
  const { listeners, clusters } = staticResources as Record<string, readonly JsonObject[]>;
  return { rest, listeners: listeners ?? [], clusters: clusters ?? [] };
}

function rootsSecret(authority: TestAuthority): JsonObject {
  return { name: 'ROOTCA', validationContext: { trustedCa: { inlineString: authority.rootPem } } };
}

/** The bootstrap of the pod `server`, with only its inbound side. */
function inboundBootstrap(options: InboundProxyOptions): JsonObject {
  const { rest, listeners } = staticParts(options.world, 'server');
  const account = options.account ?? 'server';
  const inbound = listeners.find((listener) => listener['name'] === 'inbound') ?? {};
  const [first = 0, ...others] = options.ports;
  return {
    ...rest,
    staticResources: {
      secrets: [
        rootsSecret(options.authority),
        keyPair('default', { authority: options.authority, account, dnsNames: [] }),
        keyPair('serving', { authority: options.authority, account, dnsNames: ['server.shop.svc'] }),
      ],
      listeners: [
        {
          ...inbound,
          address: loopback(first),
          additionalAddresses: others.map((port) => ({ address: loopback(port) })),
        },
      ],
      clusters: [
        staticCluster('inbound-http', options.httpPort),
        staticCluster('inbound-http2', options.httpPort, http2),
        staticCluster('inbound-tcp', options.tcpPort),
        staticCluster('signet-agent', options.logPort, http2),
      ],
    },
  };
}

/** Starts a real Envoy with what is projected for the pod `server`. */
export function startInboundProxy(options: InboundProxyOptions): Promise<TestEnvoy> {
  return startEnvoy({
    bootstrap: inboundBootstrap(options),
    ...(options.version === undefined ? {} : { version: options.version }),
  });
}

/** What a real proxy of the pod `client` needs in a test without capture. */
export interface OutboundProxyOptions {
  readonly world: World;
  readonly authority: TestAuthority;
  readonly logPort: number;
  readonly version?: string;
}

/** Starts a real Envoy with the listeners of all Services, bound to their addresses, for the pod `client`. */
export function startOutboundProxy(options: OutboundProxyOptions): Promise<TestEnvoy> {
  const { rest, listeners, clusters } = staticParts(options.world, 'client');
  const services = listeners.filter((listener) => String(listener['name']).startsWith('outbound|'));
  const own = clusters.filter((cluster) => !String(cluster['name']).startsWith('signet-'));
  return startEnvoy({
    bootstrap: {
      ...rest,
      staticResources: {
        secrets: [
          rootsSecret(options.authority),
          keyPair('default', { authority: options.authority, account: 'client', dnsNames: [] }),
        ],
        listeners: services.map((listener) => ({ ...listener, bindToPort: true })),
        clusters: [...own, staticCluster('signet-agent', options.logPort, http2)],
      },
    },
    ...(options.version === undefined ? {} : { version: options.version }),
  });
}
