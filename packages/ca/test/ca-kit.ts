// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificateAuthority, issuanceLedger, istioCertificateService, type Refusal__Output } from '@signet/proto';
import {
  createChannel,
  createClient,
  createLogger,
  createMetrics,
  systemClock,
  type Channel,
  type Clock,
  type Metrics,
  type TlsMaterial,
} from '@signet/runtime';
import { waitFor } from '@signet/testing';
import { buildCsr, generateKeyPair } from '@signet/pki';
import { caConfigSchema, createCaApp, type CaApp } from '../src/index.ts';

export const controlPlaneId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';

/** Claims of a service account token, as Kubernetes writes them. */
export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
  readonly audience?: string;
  readonly issuer?: string;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

/** Issues tokens with a key of its own. */
export class TestIssuer {
  readonly issuer = 'https://issuer.test';
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  get jwks(): string {
    return JSON.stringify({
      keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }],
    });
  }

  token(claims: TokenClaims): string {
    const now = Math.floor(Date.now() / 1000);
    const { namespace, serviceAccount, pod, node, audience = 'signet.dev', issuer = this.issuer } = claims;
    const payload = {
      iss: issuer,
      aud: [audience],
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      iat: claims.issuedAt ?? now,
      nbf: claims.issuedAt ?? now,
      exp: claims.expiresAt ?? now + 3600,
      jti: randomUUID(),
      'kubernetes.io': { namespace, serviceaccount: { name: serviceAccount, uid: 'sa-uid' }, pod, node },
    };
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ alg: 'ES256', kid: 'test', typ: 'JWT' })}.${encode(payload)}`;
    const key: KeyObject = this.#keys.privateKey;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
}

/** A pod in the directory of manifests. */
export interface TestPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  readonly node: string;
}

export function pod(name: string, change: Partial<TestPod> = {}): TestPod {
  return { namespace: 'shop', name, uid: `uid-${name}`, serviceAccount: name, node: 'node-a', ...change };
}

/** Files of one CA: key, roots, tokens, cluster. Shared by replicas. */
export class CaFiles {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'signet-ca-'));
  readonly issuer = new TestIssuer();

  constructor() {
    mkdirSync(this.at('cluster'));
    writeFileSync(this.at('jwks.json'), this.issuer.jwks);
  }

  at(name: string): string {
    return path.join(this.directory, name);
  }

  get rootsPem(): string {
    return readFileSync(this.at('roots.pem'), 'utf8');
  }

  /** Creates or changes a pod. */
  writePod(one: TestPod, status: object = { phase: 'Running' }, metadata: object = {}): void {
    const { namespace, name, uid, serviceAccount, node } = one;
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, uid, labels: { app: name }, creationTimestamp: '2026-11-25T08:00:00Z', ...metadata },
      spec: { serviceAccountName: serviceAccount, nodeName: node, containers: [{ name: 'app', image: 'sample' }] },
      status,
    };
    writeFileSync(this.at(`cluster/${namespace}-${name}.json`), JSON.stringify(object));
  }

  deletePod({ namespace, name }: TestPod): void {
    rmSync(this.at(`cluster/${namespace}-${name}.json`));
  }

  tokenOf(one: TestPod, change: Partial<TokenClaims> = {}): string {
    const { namespace, name, uid, serviceAccount, node } = one;
    return this.issuer.token({
      namespace,
      serviceAccount,
      pod: { name, uid },
      node: { name: node, uid: `uid-${node}` },
      ...change,
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Settings that differ from the usual ones. */
export interface CaChange {
  readonly ca?: object;
  readonly discoveryAddress?: string;
  readonly source?: object;
  /** Null for none. */
  readonly tokens?: object | null;
}

/** Settings of one CA process over those files. */
export function caConfig(files: CaFiles, databaseUrl: string, change: CaChange = {}): object {
  return {
    controlPlane: { discoveryAddress: change.discoveryAddress ?? '127.0.0.1:1' },
    trustBundleFile: files.at('roots.pem'),
    listen: { host: '127.0.0.1', portBase: 0 },
    ...(change.tokens === null
      ? {}
      : { tokens: change.tokens ?? { issuer: files.issuer.issuer, jwksFile: files.at('jwks.json') } }),
    source: change.source ?? { kind: 'manifests', directories: [files.at('cluster')] },
    database: { url: databaseUrl },
    ca: { keyFile: files.at('master.key'), ...change.ca },
  };
}

/** A CA in this process, with clients. */
export interface TestCa {
  readonly app: CaApp;
  readonly files: CaFiles;
  readonly metrics: Metrics;
  address(listener: 'token' | 'mtls'): string;
  /** Client with that token, or without one. */
  byToken(token?: string): ReturnType<typeof clientsOf>;
  byCertificate(material: TlsMaterial): ReturnType<typeof clientsOf>;
  /** Newest refusal once it is written; waits for one that is newer than `after`. */
  refusalAfter(after: number): Promise<Refusal__Output>;
  lastRefusal(): Promise<number>;
  stop(): Promise<void>;
}

function clientsOf(channel: Channel) {
  return {
    channel,
    authority: createClient(certificateAuthority, channel),
    istio: createClient(istioCertificateService, channel),
    ledger: createClient(issuanceLedger, channel),
  };
}

export async function startCa(
  o: CaChange & {
    readonly files: CaFiles;
    readonly databaseUrl: string;
    readonly clock?: Clock;
    readonly logLevel?: string;
    /** Token of an operator, where the issuer is not that of the files. */
    readonly operatorToken?: string;
  },
): Promise<TestCa> {
  const { files } = o;
  const metrics = createMetrics('ca');
  const config = caConfigSchema.parse(caConfig(files, o.databaseUrl, o));
  const app = createCaApp({
    config,
    logger: createLogger({ component: 'ca', level: o.logLevel ?? 'fatal' }),
    metrics,
    clock: o.clock ?? systemClock,
  });
  await app.start();
  const channels: Channel[] = [];
  const address = (listener: 'token' | 'mtls'): string => `127.0.0.1:${app.ports().get(listener)}`;
  const open = (change: Partial<Parameters<typeof createChannel>[0]>, listener: 'token' | 'mtls') => {
    const channel = createChannel({
      address: address(listener),
      rootsPem: () => files.rootsPem,
      expectedServerIds: [controlPlaneId],
      ...change,
    });
    channels.push(channel);
    return clientsOf(channel);
  };
  const operator = open(
    {
      token: () =>
        o.operatorToken ?? files.issuer.token({ namespace: 'signet-system', serviceAccount: 'signet-operator' }),
    },
    'token',
  );
  const newest = async (): Promise<Refusal__Output | undefined> =>
    (await operator.ledger.ListRefusals({ pageSize: 1 })).refusals[0];
  return {
    app,
    files,
    metrics,
    address,
    byToken: (token) => open(token === undefined ? {} : { token: () => token }, 'token'),
    byCertificate: (material) => open({ material: () => material }, 'mtls'),
    lastRefusal: async () => (await newest())?.sequence ?? 0,
    refusalAfter: (after) =>
      waitFor(async () => {
        const refusal = await newest();
        return refusal !== undefined && refusal.sequence > after ? refusal : undefined;
      }),
    async stop() {
      for (const channel of channels) channel.close();
      await app.stop();
    },
  };
}

/** A key with a CSR, and what becomes of it. */
export async function requestMaterial(
  clients: Pick<ReturnType<typeof clientsOf>, 'authority'>,
  change: { readonly profile?: 'PROFILE_WORKLOAD' | 'PROFILE_SERVING'; readonly lifetimeSeconds?: number } = {},
): Promise<TlsMaterial> {
  const { privateKey } = generateKeyPair();
  const answer = await clients.authority.IssueCertificate({
    csr: buildCsr({ privateKey }),
    profile: change.profile ?? 'PROFILE_WORKLOAD',
    ...(change.lifetimeSeconds === undefined ? {} : { lifetime: { seconds: change.lifetimeSeconds } }),
  });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateChainPem: answer.certificateChain.join(''),
    rootsPem: answer.trustBundle?.roots.join('') ?? '',
    serial: answer.serial,
    spiffeId: answer.spiffeId,
    notBefore: new Date((answer.notBefore?.seconds ?? 0) * 1000),
    notAfter: new Date((answer.notAfter?.seconds ?? 0) * 1000),
  };
}
