// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type {
  CertificateAuthorityDefinition,
  CertificateAuthorityHandlers,
  InventoryDefinition,
  InventoryHandlers,
  IssuanceLedgerDefinition,
  IssuanceLedgerHandlers,
  IstioCertificateServiceDefinition,
  IstioCertificateServiceHandlers,
  ProxyStatusDefinition,
  ProxyStatusHandlers,
  TrafficReportsDefinition,
  TrafficReportsHandlers,
} from '../generated/types.ts';

const protosDir = path.resolve(import.meta.dirname, '../../../protos');
const generatedDir = path.resolve(import.meta.dirname, '../generated');

const definitions: PackageDefinition = loadSync(
  [
    'istio/v1/auth/ca.proto',
    'signet/ca/v1/ca.proto',
    'signet/config/v1/config.proto',
    'signet/discovery/v1/inventory.proto',
  ],
  { includeDirs: [protosDir], longs: Number, enums: String, defaults: true, oneofs: true },
);

declare const handlers: unique symbol;
/** A service definition that also carries, for the compiler only, which of its methods stream. */
export type TypedService<D, H> = D & ServiceDefinition & { readonly [handlers]?: H };

function serviceDefinition<D, H>(name: string): TypedService<D, H> {
  const definition = definitions[name];
  if (definition === undefined) throw new Error(`protos/ has no service ${name}`);
  return definition as TypedService<D, H>;
}

/** signet.ca.v1.CertificateAuthority. */
export const certificateAuthority = serviceDefinition<CertificateAuthorityDefinition, CertificateAuthorityHandlers>(
  'signet.ca.v1.CertificateAuthority',
);
/** signet.ca.v1.IssuanceLedger. */
export const issuanceLedger = serviceDefinition<IssuanceLedgerDefinition, IssuanceLedgerHandlers>(
  'signet.ca.v1.IssuanceLedger',
);
/** istio.v1.auth.IstioCertificateService. */
export const istioCertificateService = serviceDefinition<
  IstioCertificateServiceDefinition,
  IstioCertificateServiceHandlers
>('istio.v1.auth.IstioCertificateService');
/** signet.config.v1.ProxyStatus. */
export const proxyStatus = serviceDefinition<ProxyStatusDefinition, ProxyStatusHandlers>(
  'signet.config.v1.ProxyStatus',
);
/** signet.discovery.v1.Inventory. */
export const inventory = serviceDefinition<InventoryDefinition, InventoryHandlers>('signet.discovery.v1.Inventory');
/** signet.discovery.v1.TrafficReports. */
export const trafficReports = serviceDefinition<TrafficReportsDefinition, TrafficReportsHandlers>(
  'signet.discovery.v1.TrafficReports',
);

/** google.protobuf.FileDescriptorSet of protos/, for server reflection. */
export function loadSignetDescriptorSet(): Buffer {
  return readFileSync(path.join(generatedDir, 'signet.binpb'));
}

/** google.protobuf.FileDescriptorSet of the Envoy protos in use, for strict checks in tests. */
export function loadEnvoyDescriptorSet(): Buffer {
  return readFileSync(path.join(generatedDir, 'envoy.binpb'));
}
