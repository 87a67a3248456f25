// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { AttestedIdentity } from '@signet/model';
import { exportSpki, generateKeyPair, publicKeySha256 } from '@signet/pki';
import type { Clock, Logger, TlsMaterial } from '@signet/runtime';
import type { Authority } from './authority/create-authority.ts';
import type { CertificateIssuer } from './certificate-issuer.ts';
import type { ServingNames } from './serving-names.ts';

/** The CA's own serving certificate, which nobody else could issue. */
export interface OwnCertificate {
  /** Undefined before `start` has resolved, and after expiry. */
  current(): TlsMaterial | undefined;
  start(): Promise<void>;
  stop(): void;
}

/** What createOwnCertificate needs. */
export interface OwnCertificateDeps {
  readonly authority: Authority;
  readonly issuer: CertificateIssuer;
  readonly servingNames: ServingNames;
  readonly account: {
    readonly spiffeId: AttestedIdentity['spiffeId'];
    readonly namespace: string;
    readonly serviceAccount: string;
  };
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const retryMs = 5000;
/** No timer is trusted for longer: a suspended machine wakes up late. */
const longestSleepMs = 30_000;

/** Issues to itself through the same ledger as to everybody, and again at half life. */
export function createOwnCertificate(deps: OwnCertificateDeps): OwnCertificate {
  let material: TlsMaterial | undefined;
  let renewAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function renew(): Promise<void> {
    const now = deps.clock.now();
    material = await issueOwn(deps);
    renewAtMs = (now.getTime() + material.notAfter.getTime()) / 2;
  }

  async function renewWhenDue(): Promise<void> {
    let nextMs = longestSleepMs;
    if (deps.clock.now().getTime() >= renewAtMs) {
      try {
        await renew();
      } catch (error) {
        nextMs = retryMs;
        deps.logger.warn({ err: error }, 'own certificate not renewed');
      }
    }
    schedule(nextMs);
  }

  function schedule(delayMs: number): void {
    const untilDue = Math.max(renewAtMs - deps.clock.now().getTime(), retryMs / 10);
    if (!isStopped) timer = setTimeout(() => void renewWhenDue(), Math.min(delayMs, untilDue));
  }

  return {
    current: () => (material !== undefined && material.notAfter > deps.clock.now() ? material : undefined),
    async start() {
      await renew();
      schedule(longestSleepMs);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

async function issueOwn(deps: OwnCertificateDeps): Promise<TlsMaterial> {
  const { privateKey, publicKey } = generateKeyPair();
  const spki = exportSpki(publicKey);
  const identity: AttestedIdentity = { ...deps.account, podUid: '', podName: '', nodeName: '', method: 'self' };
  const { issuance, chainPem } = await deps.issuer.issue({
    requestKey: `self ${randomUUID()}`,
    identity,
    profile: 'serving',
    dnsNames: deps.servingNames.namesFor(identity, 'control-plane'),
    lifetimeSeconds: deps.lifetimeSeconds,
    spki,
    publicKeySha256: publicKeySha256(spki),
  });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateChainPem: chainPem.join(''),
    rootsPem: deps.authority.rootsPem.join(''),
    serial: issuance.serial,
    spiffeId: identity.spiffeId,
    notBefore: issuance.notBefore,
    notAfter: issuance.notAfter,
  };
}
