// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createCertificateClient } from '@signet/identity';
import { SignetError, formatSpiffeId, parseSpiffeId } from '@signet/model';
import { inventory, issuanceLedger, proxyStatus } from '@signet/proto';
import {
  createChannel,
  createClient,
  createLogger,
  systemClock,
  type Channel,
  type TlsMaterial,
} from '@signet/runtime';
import type { CliContext } from './context.ts';

function connectInventory(channel: Channel) {
  return createClient(inventory, channel);
}
function connectProxyStatus(channel: Channel) {
  return createClient(proxyStatus, channel);
}
function connectLedger(channel: Channel) {
  return createClient(issuanceLedger, channel);
}

export type InventoryClient = ReturnType<typeof connectInventory>;
export type ProxyStatusClient = ReturnType<typeof connectProxyStatus>;
export type LedgerClient = ReturnType<typeof connectLedger>;

/** The APIs of one mesh, connected when first used. */
export interface Connections {
  inventory(): InventoryClient;
  ledger(): LedgerClient;
  /** Exchanges the operator's token for a short-lived certificate first: this API takes no tokens. */
  proxyStatus(): Promise<ProxyStatusClient>;
  close(): Promise<void>;
}

const certificateLifetimeSeconds = 600;
const certificateTimeoutMs = 10_000;

function readRequired(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SignetError('PEER_DOWN', `${file} cannot be read: is the mesh running?`, { cause: error });
  }
}

/** The account in a service account token; not verified, the CA does that. */
export function readTokenAccount(token: string): { readonly namespace: string; readonly serviceAccount: string } {
  const [, payload = ''] = token.split('.');
  let subject = '';
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims === 'object' && claims !== null && 'sub' in claims) subject = String(claims.sub);
  } catch {
    // Falls through to the message below.
  }
  const [, namespace, serviceAccount] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(subject) ?? [];
  if (namespace === undefined || serviceAccount === undefined) {
    throw new SignetError('TOKEN_MALFORMED', 'the token file holds no service account token');
  }
  return { namespace, serviceAccount };
}

function trustDomainOf(context: CliContext): string {
  const parsed = parseSpiffeId(context.controlPlaneIds[0] ?? '');
  if (!parsed.ok) throw new SignetError('REQUEST_INVALID', `controlPlaneIds: ${parsed.error}`);
  return parsed.value.trustDomain;
}

/** Creates the connections of a context. Throws when its files are missing. */
export function createConnections(context: CliContext): Connections {
  // Read once and at once: a command is short, and what is missing is to be said before anything is tried.
  const roots = readRequired(context.rootsFile);
  const ownToken = readRequired(context.tokenFile).trim();
  const rootsPem = (): string => roots;
  const token = (): string => ownToken;
  const open: Channel[] = [];
  const closers: (() => Promise<void>)[] = [];

  function connect(address: string, material?: () => TlsMaterial | undefined): Channel {
    const credentials = material === undefined ? { token } : { material };
    const channel = createChannel({ address, rootsPem, expectedServerIds: context.controlPlaneIds, ...credentials });
    open.push(channel);
    return channel;
  }

  async function obtainCertificate(): Promise<() => TlsMaterial | undefined> {
    const client = createCertificateClient({
      caAddress: context.caToken,
      // Never asked: the certificate outlives the command.
      caMtlsAddress: context.caToken,
      token,
      rootsPem,
      caServerIds: context.controlPlaneIds,
      expectedSpiffeId: formatSpiffeId({ trustDomain: trustDomainOf(context), ...readTokenAccount(ownToken) }),
      profile: 'workload',
      lifetimeSeconds: certificateLifetimeSeconds,
      logger: createLogger({ component: 'cli', level: 'fatal' }),
      clock: systemClock,
    });
    client.start();
    closers.push(() => client.stop());
    await client.ready(AbortSignal.timeout(certificateTimeoutMs));
    return () => client.current();
  }

  return {
    inventory: () => connectInventory(connect(context.discoveryGrpc)),
    ledger: () => connectLedger(connect(context.caToken)),
    proxyStatus: async () => connectProxyStatus(connect(context.configGrpc, await obtainCertificate())),
    async close() {
      for (const channel of open) channel.close();
      await Promise.all(closers.map((close) => close()));
    },
  };
}
