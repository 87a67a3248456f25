// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inventory, trafficReports, type Endpoint__Output, type Finding__Output } from '@signet/proto';
import {
  createChannel,
  createClient,
  createLogger,
  createMetrics,
  systemClock,
  type Channel,
  type TlsMaterial,
} from '@signet/runtime';
import { findFreePorts } from '@signet/testing';
import { createDiscoveryApp, discoveryConfigSchema, type DiscoveryApp } from '../src/index.ts';
import { controlPlaneId, StubCertificateAuthority, toMaterial } from './stub-certificate-authority.ts';

export const operatorId = 'spiffe://cluster.local/ns/signet-system/sa/signet-operator';

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Options of DiscoveryWorld.start. */
export interface WorldOptions {
  readonly attestation?: boolean;
  readonly database?: object;
  readonly hasCa?: boolean;
}

/** Discovery over real gRPC with a directory of manifests and a stub CA. */
export class DiscoveryWorld {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'signet-discovery-'));
  readonly mesh = path.join(this.directory, 'mesh');
  readonly ca: StubCertificateAuthority;
  app: DiscoveryApp | undefined;
  readonly #ports: { token: number; mtls: number };
  readonly #channels: Channel[] = [];
  readonly #options: WorldOptions;

  private constructor(ports: { token: number; mtls: number }, options: WorldOptions) {
    this.#ports = ports;
    this.#options = options;
    this.ca = new StubCertificateAuthority(ports);
    mkdirSync(this.mesh);
    writeFileSync(path.join(this.directory, 'roots.pem'), this.ca.root.rootPem);
    writeFileSync(path.join(this.directory, 'token'), 'a token');
  }

  static async start(options: WorldOptions = {}): Promise<DiscoveryWorld> {
    const [token = 0, mtls = 0] = await findFreePorts(2);
    const world = new DiscoveryWorld({ token, mtls }, options);
    if (options.hasCa !== false) await world.ca.start();
    world.write(namespace('shop', true));
    for (const object of checkoutObjects()) world.write(object);
    await world.startApp();
    return world;
  }

  async startApp(): Promise<void> {
    const config = discoveryConfigSchema.parse({
      controlPlane: {
        tokenFile: path.join(this.directory, 'token'),
        caAddress: `127.0.0.1:${this.#ports.token}`,
        caMtlsAddress: `127.0.0.1:${this.#ports.mtls}`,
      },
      trustBundleFile: path.join(this.directory, 'roots.pem'),
      listen: { host: '127.0.0.1', portBase: 0 },
      source: { kind: 'manifests', directories: [this.mesh] },
      discovery: { attestation: this.#options.attestation ?? true },
      ...(this.#options.database === undefined ? {} : { database: this.#options.database }),
    });
    const logger = createLogger({ component: 'discovery', level: process.env['SIGNET_TEST_LOG'] ?? 'silent' });
    this.app = createDiscoveryApp({ config, logger, metrics: createMetrics('discovery'), clock: systemClock });
    await this.app.start();
  }

  async stopApp(): Promise<void> {
    for (const channel of this.#channels.splice(0)) channel.close();
    await this.app?.stop();
    this.app = undefined;
  }

  async stop(): Promise<void> {
    await this.stopApp();
    await this.ca.stop();
    rmSync(this.directory, { recursive: true });
  }

  write(object: object): void {
    const { kind, metadata } = object as Named;
    const file = path.join(this.mesh, `${kind}.${metadata.namespace ?? ''}.${metadata.name}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(object));
    renameSync(`${file}.new`, file);
  }

  remove(kind: string, name: string, inNamespace = 'shop'): void {
    rmSync(path.join(this.mesh, `${kind}.${inNamespace}.${name}.json`));
  }

  material(spiffeId: string): TlsMaterial {
    return toMaterial(this.ca.root, this.ca.root.issue({ uris: [spiffeId] }), spiffeId);
  }

  channel(material: TlsMaterial | undefined, token?: string): Channel {
    const channel = createChannel({
      address: `127.0.0.1:${this.app?.ports().get('grpc') ?? 0}`,
      ...(material === undefined ? {} : { material: () => material }),
      ...(token === undefined ? {} : { token: () => token }),
      rootsPem: () => this.ca.root.rootPem,
      expectedServerIds: [controlPlaneId],
    });
    this.#channels.push(channel);
    return channel;
  }

  /** As an operator with a certificate, unless told otherwise. */
  inventory(material: TlsMaterial | 'none' = this.material(operatorId), token?: string) {
    return createClient(inventory, this.channel(material === 'none' ? undefined : material, token));
  }

  traffic(material: TlsMaterial) {
    return createClient(trafficReports, this.channel(material));
  }

  async endpoints(client = this.inventory()): Promise<Endpoint__Output[]> {
    return (await client.ListEndpoints({ namespace: 'shop' })).endpoints;
  }

  async findings(client = this.inventory()): Promise<Finding__Output[]> {
    return (await client.ListFindings({})).findings;
  }

  /** A certificate for a pod of this world. */
  certify(pod: string): TlsMaterial {
    return this.ca.issue('spiffe://cluster.local/ns/shop/sa/checkout', {
      uid: `uid-${pod}`,
      name: pod,
      namespace: 'shop',
    });
  }
}

const labels = { app: 'checkout' };
const hashed = { ...labels, 'pod-template-hash': '1' };
const containers = [{ name: 'app', image: 'checkout:1' }];

export function namespace(name: string, isEnrolled: boolean): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: isEnrolled ? { 'signet.dev/inject': 'enabled' } : {} },
  };
}

function owned(kind: string, name: string, uid: string): object {
  return { ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }] };
}

function checkoutObjects(): object[] {
  const template = { metadata: { labels: hashed }, spec: { serviceAccountName: 'checkout', containers } };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'checkout', namespace: 'shop' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'checkout', namespace: 'shop', uid: 'd' },
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'checkout-1',
        namespace: 'shop',
        uid: 'rs',
        labels: hashed,
        ...owned('Deployment', 'checkout', 'd'),
      },
      spec: { selector: { matchLabels: hashed }, template },
    },
  ];
}

/** A pod of checkout; `owner: false` makes it bare, `agent: false` leaves it outside the mesh. */
export function pod(
  name: string,
  ip: string,
  overrides: { owner?: boolean; agent?: boolean; account?: string } = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      labels: hashed,
      creationTimestamp: new Date().toISOString(),
      annotations: overrides.agent === false ? {} : { 'signet.dev/agent': 'v1' },
      ...(overrides.owner === false ? {} : owned('ReplicaSet', 'checkout-1', 'rs')),
    },
    spec: { serviceAccountName: overrides.account ?? 'checkout', nodeName: 'node-1', containers },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** The EndpointSlice of checkout for pods given as name → address. */
export function slice(pods: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'checkout', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'checkout' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    endpoints: Object.entries(pods).map(([name, ip]) => ({
      addresses: [ip],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', name, namespace: 'shop', uid: `uid-${name}` },
    })),
  };
}
