// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { issuanceLedger, loadSignetDescriptorSet, trafficReports, type IssuanceEvent } from '@signet/proto';
import {
  createChannel,
  createGrpcServer,
  createLogger,
  service,
  type CallContext,
  type Channel,
  type GrpcServer,
  type Listener,
  type TlsMaterial,
} from '../src/index.ts';
import { buildMaterial, issueCertificate, type Issued } from './certificates.ts';

export const serverId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';
export const clientId = (name: string): string => `spiffe://cluster.local/ns/shop/sa/${name}`;

/** A CA, and certificates of it. */
export interface TestMesh {
  readonly root: Issued;
  server(): TlsMaterial;
  client(name: string, validity?: { readonly notBefore?: Date; readonly notAfter?: Date }): TlsMaterial;
}

export function createTestMesh(): TestMesh {
  // OpenSSL looks issuers up by name, so two CAs must not share one.
  const root = issueCertificate({ subject: `root ${randomUUID()}` });
  const material = (uri: string, validity: { readonly notBefore?: Date; readonly notAfter?: Date } = {}): TlsMaterial =>
    buildMaterial(issueCertificate({ subject: 'leaf', issuer: root, uris: [uri], ...validity }), root.pem);
  return { root, server: () => material(serverId), client: (name, validity) => material(clientId(name), validity) };
}

/** Services whose answers say who asked. */
export function echoServices(watch?: (context: CallContext) => AsyncIterable<IssuanceEvent>): Listener['services'] {
  return [
    service(issuanceLedger, {
      GetIssuance: async (request, context) => {
        await Promise.resolve();
        return {
          serial: request.serial,
          spiffeId: context.peer?.spiffeId ?? '',
          podUid: String(context.connectionId),
          attestation: context.bearerToken ?? '',
          nodeName: context.remoteAddress,
          namespace: context.metadata.get('authorization') ?? '',
        };
      },
      ListIssuances: () => Promise.resolve({}),
      ListRefusals: () => Promise.reject(new TypeError('secret detail')),
      WatchIssuances: async function* (_request, context) {
        if (watch !== undefined) yield* watch(context);
      },
    }),
    service(trafficReports, {
      ReportTraffic: async function* (reports) {
        for await (const report of reports) yield { requestId: Number(report.requestId) + 1 };
      },
    }),
  ];
}

/** A server on free ports of the loopback with one listener, and channels to it. */
export interface TestServer {
  readonly server: GrpcServer;
  readonly port: number;
  channel(o?: {
    readonly material?: () => TlsMaterial | undefined;
    readonly token?: () => string;
    readonly ids?: readonly string[];
  }): Channel;
  stop(): Promise<void>;
}

export async function startTestServer(
  mesh: TestMesh,
  o: Partial<Listener> & {
    readonly material?: () => TlsMaterial | undefined;
    readonly handshakeTimeoutMs?: number;
  } = {},
): Promise<TestServer> {
  const own = mesh.server();
  const { material = () => own, handshakeTimeoutMs, ...listener } = o;
  const server = createGrpcServer({
    material,
    logger: createLogger({ component: 'test', level: 'silent' }),
    descriptorSet: loadSignetDescriptorSet(),
    ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
    listeners: [
      {
        name: 'test',
        host: '127.0.0.1',
        port: 0,
        clientCertificate: 'require',
        services: echoServices(),
        authorise: () => {},
        ...listener,
      },
    ],
  });
  const port = (await server.start()).get('test') ?? 0;
  server.setServing(true);
  const channels: Channel[] = [];
  return {
    server,
    port,
    channel: ({ ids, ...rest } = {}) => {
      const channel = createChannel({
        address: `127.0.0.1:${port}`,
        rootsPem: () => mesh.root.pem,
        expectedServerIds: ids ?? [serverId],
        ...rest,
      });
      channels.push(channel);
      return channel;
    },
    async stop() {
      for (const channel of channels) channel.close();
      await server.stop(200);
    },
  };
}
