// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { createCertificateClient, createRootsFile, type CertificateClient, type RootsFile } from '@signet/identity';
import { SignetError } from '@signet/model';
import { certificateAuthority, inventory, issuanceLedger } from '@signet/proto';
import { createChannel, createClient, type Clock, type Logger } from '@signet/runtime';
import { accountIds } from './authorise.ts';
import type { ConfigAppConfig } from './config.ts';

/** The other services, as config sees them. */
export interface Upstreams {
  readonly certificate: CertificateClient;
  readonly roots: RootsFile;
  readonly authority: ReturnType<typeof authorityClient>;
  readonly ledger: ReturnType<typeof ledgerClient>;
  readonly inventory: ReturnType<typeof inventoryClient>;
  close(): Promise<void>;
}

type Channel = ReturnType<typeof createChannel>;

const authorityClient = (channel: Channel) => createClient(certificateAuthority, channel);
const ledgerClient = (channel: Channel) => createClient(issuanceLedger, channel);
const inventoryClient = (channel: Channel) => createClient(inventory, channel);

/** Prepares the clients; connections are made at the first call, with the certificate of then. */
export function createUpstreams(o: {
  readonly config: ConfigAppConfig;
  readonly logger: Logger;
  readonly clock: Clock;
}): Upstreams {
  const { trustDomain, controlPlane, trustBundleFile } = o.config;
  const roots = createRootsFile(trustBundleFile);
  const serverIds = accountIds(trustDomain, controlPlane.accounts);
  const [expectedSpiffeId = ''] = accountIds(trustDomain, [controlPlane.account]);
  const certificate = createCertificateClient({
    caAddress: controlPlane.caAddress,
    caMtlsAddress: controlPlane.caMtlsAddress,
    token: () => readToken(controlPlane.tokenFile),
    rootsPem: () => roots.current(),
    caServerIds: serverIds,
    expectedSpiffeId,
    profile: 'workload',
    logger: o.logger,
    clock: o.clock,
  });
  const connect = (address: string) =>
    createChannel({
      address,
      material: () => certificate.current(),
      rootsPem: () => roots.current(),
      expectedServerIds: serverIds,
    });
  const ca = connect(controlPlane.caMtlsAddress);
  const discovery = connect(controlPlane.discoveryAddress);
  return {
    certificate,
    roots,
    authority: authorityClient(ca),
    ledger: ledgerClient(ca),
    inventory: inventoryClient(discovery),
    async close() {
      await certificate.stop();
      roots.stop();
      ca.close();
      discovery.close();
    },
  };
}

async function readToken(file: string | undefined): Promise<string> {
  if (file === undefined) throw new SignetError('CREDENTIAL_MISSING', 'controlPlane.tokenFile is not set');
  return (await readFile(file, 'utf8')).trim();
}
