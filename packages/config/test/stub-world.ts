// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SignetError, normaliseSerial } from '@signet/model';
import { inventory, issuanceLedger, type InventoryEvent, type Issuance } from '@signet/proto';
import { createLogger, createMetrics, service, systemClock, type App, type ServiceRegistration } from '@signet/runtime';
import { createTestAuthority, findFreePort, type TestAuthority, type TestCertificate } from '@signet/testing';
import { startStubAuthority } from '../../identity/test/stub-authority.ts';
import { createConfigApp } from '../src/app.ts';
import type { ConfigAppConfig } from '../src/config.ts';

const controlPlaneId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';

/** CA, ledger and inventory that do as the test says, and a config service between them. */
export interface StubWorld {
  readonly app: App;
  readonly port: number;
  readonly rootPem: string;
  readonly root: TestAuthority;
  /** Issues a certificate for a pod of namespace shop and enters it in the ledger. */
  issueToPod(name: string): TestCertificate;
  /** Sends events to every watcher and to those that come later. */
  publish(...events: readonly InventoryEvent[]): void;
  /** Ends discovery's streams and refuses new ones. */
  setDiscoveryDown(isDown: boolean): void;
  stop(): Promise<void>;
}

class Broadcast<M> {
  readonly past: M[] = [];
  readonly #wakes = new Set<() => void>();
  isDown = false;

  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<M> {
    for (let next = 0; ;) {
      if (this.isDown) throw new SignetError('KUBERNETES_DOWN', 'down');
      if (signal.aborted) return;
      const message = this.past[next];
      if (message !== undefined) {
        next += 1;
        yield message;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wakes.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

function ledgerService(issuances: Map<string, Issuance>, isStreaming: boolean): ServiceRegistration {
  return service(issuanceLedger, {
    async GetIssuance({ serial }) {
      const found = issuances.get(normaliseSerial(serial));
      if (found === undefined) throw new SignetError('ISSUANCE_UNKNOWN', 'no such certificate');
      return found;
    },
    ListIssuances: async () => ({}),
    ListRefusals: async () => ({}),
    async *WatchIssuances(_request, { signal }) {
      if (isStreaming) for (const issued of issuances.values()) yield { issued };
      yield { synced: { sequence: 1 } };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  });
}

function inventoryService(events: Broadcast<InventoryEvent>): ServiceRegistration {
  const unused = async () => ({});
  return service(inventory, {
    ListServices: unused,
    ListWorkloads: unused,
    ListEndpoints: unused,
    ListPolicies: unused,
    ListEdges: unused,
    ListFindings: unused,
    Resync: unused,
    WatchInventory: (_request, { signal }) => events.follow(signal),
  });
}

/** Starts everything on loopback. */
export async function startStubWorld(): Promise<StubWorld> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-config-'));
  const root = createTestAuthority();
  const issuances = new Map<string, Issuance>();
  const events = new Broadcast<InventoryEvent>();
  const stub = await startStubAuthority({
    attestedId: controlPlaneId,
    root,
    services: [ledgerService(issuances, false), inventoryService(events)],
  });
  const trustBundleFile = path.join(directory, 'roots.pem');
  const tokenFile = path.join(directory, 'token');
  writeFileSync(trustBundleFile, root.rootPem);
  writeFileSync(tokenFile, 'token');
  const port = await findFreePort();
  const account = 'signet-system/signetd';
  const config: ConfigAppConfig = {
    trustDomain: 'cluster.local',
    rootNamespace: 'signet-system',
    controlPlane: {
      accounts: [account],
      account,
      tokenFile,
      caAddress: stub.tokenAddress,
      caMtlsAddress: stub.mtlsAddress,
      discoveryAddress: stub.mtlsAddress,
    },
    operators: { accounts: ['signet-system/signet-operator'] },
    trustBundleFile,
    listen: { host: '127.0.0.1', portBase: port - 16 },
    log: { level: 'info' },
    config: { drainSeconds: 0.3, debounceMs: 5, checkResources: true },
  };
  const logger = createLogger({ component: 'config', level: process.env['SIGNET_TEST_LOG'] ?? 'silent' });
  const app = createConfigApp({ config, logger, metrics: createMetrics('config'), clock: systemClock });
  await app.start();
  let sequence = 1;
  return {
    app,
    port,
    root,
    rootPem: root.rootPem,
    issueToPod(name) {
      const spiffeId = `spiffe://cluster.local/ns/shop/sa/${name}`;
      const certificate = root.issue({ uris: [spiffeId] });
      issuances.set(certificate.serial, {
        sequence: (sequence += 1),
        serial: certificate.serial,
        spiffeId,
        podUid: `uid-${name}`,
        namespace: 'shop',
        podName: name,
        serviceAccount: name,
        notAfter: { seconds: Math.floor(Date.now() / 1000) + 3600 },
      });
      return certificate;
    },
    publish(...more) {
      events.past.push(...more);
      events.wake();
    },
    setDiscoveryDown(isDown) {
      events.isDown = isDown;
      events.wake();
    },
    async stop() {
      await app.stop();
      await stub.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
