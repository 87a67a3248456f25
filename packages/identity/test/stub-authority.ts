// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import { parseCsr } from '@signet/pki';
import {
  certificateAuthority,
  loadSignetDescriptorSet,
  trafficReports,
  type IssueCertificateRequest__Output,
  type IssueCertificateResponse,
  type TrafficReport__Output,
} from '@signet/proto';
import {
  createGrpcServer,
  createLogger,
  service,
  type CallContext,
  type ServiceRegistration,
  type TlsMaterial,
} from '@signet/runtime';
import { createTestAuthority, type TestAuthority } from '@signet/testing';

/** How the next requests are answered, changed by the test as it goes. */
export interface AuthorityBehaviour {
  /** Thrown at the caller before anything is issued. */
  refuse?: SignetError | undefined;
  /** Replaces the identity in certificates. */
  spiffeId?: string;
  lifetimeMs?: number;
  /** Issues from a CA that nobody trusts. */
  isForeign?: boolean;
  /** Refuses renewals over mTLS. */
  refusesRenewal?: boolean;
}

/** What the stub saw of one request. */
export interface SeenRequest {
  readonly credential: 'token' | 'mtls';
  readonly token: string | undefined;
  readonly profile: string;
  readonly publicKeySha256: string;
  readonly serial: string | undefined;
}

/** A small CA behind the real gRPC contract, for tests of callers. What the real CA refuses is tested with the real one. */
export interface StubAuthority {
  readonly root: TestAuthority;
  readonly ports: { readonly token: number; readonly mtls: number };
  readonly rootPem: string;
  readonly tokenAddress: string;
  readonly mtlsAddress: string;
  readonly serverId: string;
  readonly behaviour: AuthorityBehaviour;
  readonly requests: readonly SeenRequest[];
  readonly reports: readonly TrafficReport__Output[];
  /** Asks every agent on a stream for a report and returns how many there are. */
  requestReport(requestId: number): number;
  stop(): Promise<void>;
}

const serverId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';

function createMaterial(authority: TestAuthority): TlsMaterial {
  const leaf = authority.issue({ uris: [serverId] });
  return {
    keyPem: leaf.keyPem,
    certificateChainPem: leaf.chainPem,
    rootsPem: authority.rootPem,
    serial: leaf.serial,
    spiffeId: serverId,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  };
}

interface StubState {
  readonly root: TestAuthority;
  readonly intermediate: TestAuthority;
  readonly foreign: TestAuthority;
  readonly attestedId: string;
  readonly behaviour: AuthorityBehaviour;
  readonly requests: SeenRequest[];
  readonly reports: TrafficReport__Output[];
  readonly asking: Set<(requestId: number) => void>;
}

/** One PEM text for each certificate. */
function splitPem(chainPem: string): string[] {
  return chainPem.split(/(?=-----BEGIN )/);
}

async function issue(
  state: StubState,
  request: IssueCertificateRequest__Output,
  context: CallContext,
): Promise<IssueCertificateResponse> {
  const { behaviour, attestedId, root } = state;
  await Promise.resolve();
  const credential = context.peer === undefined ? 'token' : 'mtls';
  const csr = parseCsr(request.csr);
  if (!csr.ok) throw new SignetError(csr.error.reason, csr.error.message);
  const { publicKey, publicKeySha256 } = csr.value;
  const { bearerToken: token, peer } = context;
  state.requests.push({ credential, token, profile: request.profile, publicKeySha256, serial: peer?.serial });
  if (behaviour.refuse !== undefined) throw behaviour.refuse;
  if (credential === 'mtls' && behaviour.refusesRenewal === true) {
    throw new SignetError('CERTIFICATE_REJECTED', 'no renewals today');
  }
  const spiffeId = behaviour.spiffeId ?? attestedId;
  const notAfter = new Date(Date.now() + (behaviour.lifetimeMs ?? 3_600_000));
  const issuer = behaviour.isForeign === true ? state.foreign : state.intermediate;
  const dnsNames = request.profile === 'PROFILE_SERVING' ? ['checkout.shop.svc.cluster.local'] : [];
  const leaf = issuer.issue({ uris: [spiffeId], dnsNames, notAfter, publicKey });
  return {
    certificateChain: splitPem(leaf.chainPem),
    trustBundle: { trustDomain: 'cluster.local', roots: [root.rootPem], sequence: 1 },
    serial: leaf.serial,
    spiffeId,
    notAfter: { seconds: Math.floor(notAfter.getTime() / 1_000) },
  };
}

function registerAuthority(state: StubState): ServiceRegistration {
  const bundle = { trustDomain: 'cluster.local', roots: [state.root.rootPem], sequence: 1 };
  return service(certificateAuthority, {
    IssueCertificate: (request, context) => issue(state, request, context),
    GetTrustBundle: () => Promise.resolve(bundle),
    async *WatchTrustBundle() {
      yield await Promise.resolve(bundle);
    },
  });
}

function registerReports({ reports, asking }: StubState): ServiceRegistration {
  return service(trafficReports, {
    async *ReportTraffic(incoming, { signal }) {
      const due: number[] = [];
      let wake: () => void = () => undefined;
      let isEnded = false;
      const ask = (requestId: number): void => {
        due.push(requestId);
        wake();
      };
      const end = (): void => {
        isEnded = true;
        wake();
      };
      const read = async (): Promise<void> => {
        for await (const report of incoming) reports.push(report);
      };
      asking.add(ask);
      signal.addEventListener('abort', end);
      read().then(end, end);
      try {
        while (!isEnded) {
          const requestId = due.shift();
          if (requestId === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else yield { requestId };
        }
      } finally {
        asking.delete(ask);
      }
    },
  });
}

/** Options of the stub. */
export interface StubOptions {
  /** What every caller is attested as. */
  readonly attestedId: string;
  /** Free ones when absent. */
  readonly ports?: { readonly token: number; readonly mtls: number };
  readonly root?: TestAuthority;
  /** More services for the mTLS listener. */
  readonly services?: readonly ServiceRegistration[];
}

/** Starts the stub on loopback. */
export async function startStubAuthority(options: StubOptions): Promise<StubAuthority> {
  const root = options.root ?? createTestAuthority();
  const state: StubState = {
    root,
    intermediate: root.createIntermediate('Signet test intermediate'),
    foreign: createTestAuthority('foreign'),
    attestedId: options.attestedId,
    behaviour: {},
    requests: [],
    reports: [],
    asking: new Set(),
  };
  const material = createMaterial(root);
  const authority = registerAuthority(state);
  const host = '127.0.0.1';
  const authorise = (): void => undefined;
  const server = createGrpcServer({
    listeners: [
      {
        name: 'token',
        host,
        port: options.ports?.token ?? 0,
        clientCertificate: 'none',
        services: [authority],
        authorise,
      },
      {
        name: 'mtls',
        host,
        port: options.ports?.mtls ?? 0,
        clientCertificate: 'require',
        services: [authority, registerReports(state), ...(options.services ?? [])],
        authorise,
      },
    ],
    material: () => material,
    logger: createLogger({ component: 'stub', level: 'silent' }),
    descriptorSet: loadSignetDescriptorSet(),
  });
  const bound = await server.start();
  return {
    root,
    rootPem: root.rootPem,
    ports: { token: bound.get('token') ?? 0, mtls: bound.get('mtls') ?? 0 },
    tokenAddress: `${host}:${bound.get('token') ?? 0}`,
    mtlsAddress: `${host}:${bound.get('mtls') ?? 0}`,
    serverId,
    behaviour: state.behaviour,
    requests: state.requests,
    reports: state.reports,
    requestReport(requestId) {
      for (const ask of state.asking) ask(requestId);
      return state.asking.size;
    },
    stop: () => server.stop(100),
  };
}
