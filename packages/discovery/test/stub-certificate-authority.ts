// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import { parseCsr } from '@signet/pki';
import {
  certificateAuthority,
  issuanceLedger,
  loadSignetDescriptorSet,
  type Issuance,
  type IssuanceEvent,
} from '@signet/proto';
import { createGrpcServer, createLogger, service, type GrpcServer, type TlsMaterial } from '@signet/runtime';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@signet/testing';

export const controlPlaneId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';

/** Key pair and chain of a test identity, as listeners and channels want it. */
export function toMaterial(root: TestAuthority, leaf: TestCertificate, spiffeId: string): TlsMaterial {
  return {
    keyPem: leaf.keyPem,
    certificateChainPem: leaf.chainPem,
    rootsPem: root.rootPem,
    serial: leaf.serial,
    spiffeId,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  };
}

/** Issues to whoever asks and shows a ledger; what the real CA refuses is tested with the real one. */
export class StubCertificateAuthority {
  readonly root: TestAuthority;
  readonly ledger: Issuance[] = [];
  #listeners = new Set<() => void>();
  #server: GrpcServer | undefined;
  #ports: { token: number; mtls: number };

  constructor(ports: { token: number; mtls: number }, root = createTestAuthority()) {
    this.root = root;
    this.#ports = ports;
  }

  /** Puts a certificate for a pod into the ledger and returns its material. */
  issue(spiffeId: string, pod: { uid: string; name: string; namespace: string }): TlsMaterial {
    const leaf = this.root.issue({ uris: [spiffeId] });
    this.record({ serial: leaf.serial, spiffeId, podUid: pod.uid, podName: pod.name, namespace: pod.namespace });
    return toMaterial(this.root, leaf, spiffeId);
  }

  record(issuance: Issuance): void {
    const now = Math.floor(Date.now() / 1000);
    this.ledger.push({
      sequence: this.ledger.length + 1,
      profile: 'PROFILE_WORKLOAD',
      notBefore: { seconds: now - 60, nanos: 0 },
      notAfter: { seconds: now + 3600, nanos: 0 },
      ...issuance,
    });
    for (const listener of this.#listeners) listener();
  }

  async *#watch(after: number, signal: AbortSignal): AsyncGenerator<IssuanceEvent> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    let sent = after;
    let isSynced = false;
    while (!signal.aborted) {
      for (const issued of this.ledger.slice(sent)) yield { issued };
      sent = Math.max(sent, this.ledger.length);
      if (!isSynced) yield { synced: { sequence: this.ledger.length } };
      isSynced = true;
      await Promise.race([aborted, new Promise<void>((resolve) => this.#listeners.add(resolve))]);
    }
  }

  async start(): Promise<void> {
    const own = toMaterial(this.root, this.root.issue({ uris: [controlPlaneId] }), controlPlaneId);
    const authority = service(certificateAuthority, {
      IssueCertificate: async ({ csr }) => {
        const parsed = parseCsr(csr);
        if (!parsed.ok) throw new SignetError(parsed.error.reason, parsed.error.message);
        const leaf = this.root.issue({ uris: [controlPlaneId], publicKey: parsed.value.publicKey });
        this.record({ serial: leaf.serial, spiffeId: controlPlaneId });
        return { certificateChain: [leaf.certificatePem], serial: leaf.serial, spiffeId: controlPlaneId };
      },
      GetTrustBundle: async () => ({}),
      async *WatchTrustBundle() {},
    });
    const ledger = service(issuanceLedger, {
      GetIssuance: async ({ serial }) => {
        const found = this.ledger.find((one) => one.serial === serial);
        if (found === undefined) throw new SignetError('ISSUANCE_UNKNOWN', 'no such serial');
        return found;
      },
      ListIssuances: async () => ({}),
      ListRefusals: async () => ({}),
      WatchIssuances: ({ afterSequence }, { signal }) => this.#watch(afterSequence, signal),
    });
    const shared = { host: '127.0.0.1', authorise: () => undefined };
    this.#server = createGrpcServer({
      listeners: [
        { ...shared, name: 'token', port: this.#ports.token, clientCertificate: 'none', services: [authority] },
        {
          ...shared,
          name: 'mtls',
          port: this.#ports.mtls,
          clientCertificate: 'require',
          services: [authority, ledger],
        },
      ],
      material: () => own,
      logger: createLogger({ component: 'stub-ca', level: 'silent' }),
      descriptorSet: loadSignetDescriptorSet(),
    });
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop(50);
    this.#server = undefined;
  }
}
