// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  createBuiltInSigner,
  createIssuer,
  createSerialNumber,
  exportSpki,
  formatPem,
  generateKeyPair,
  parseCertificate,
  prepareCertificate,
  prepareRoot,
  signCertificate,
  type Issuer,
} from '@signet/pki';
import type { Result } from '@signet/model';
import type { CaKey, CaKeyStore } from '@signet/store';

/** The CA's own chain and the key that signs leaves. */
export interface Authority {
  /** The intermediate. */
  readonly issuer: Issuer;
  /** PEM, without the root. */
  readonly intermediatePem: string;
  /** PEM roots that peers must trust now. */
  readonly rootsPem: readonly string[];
  /** Rises with each change of the roots. */
  readonly rootsSequence: number;
}

/** Lifetimes of CA certificates. */
export interface AuthorityOptions {
  readonly trustDomain: string;
  readonly rootLifetimeDays: number;
  readonly intermediateLifetimeDays: number;
  readonly now: Date;
}

const dayMs = 86_400_000;
/** Leaves are dated back by five minutes, and must not be older than what signs them. */
const backdateMs = 3_600_000;

function required<T>(result: Result<T>, what: string): T {
  if (result.ok) return result.value;
  throw new Error(`${what}: ${result.error}`);
}

function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000);
}

async function createKeys(options: AuthorityOptions): Promise<readonly CaKey[]> {
  const { trustDomain, now } = options;
  const notBefore = wholeSeconds(now.getTime() - backdateMs);
  const until = (lifetimeDays: number): Date => wholeSeconds(now.getTime() + lifetimeDays * dayMs);
  // Told apart by people and by path builders: two installations must not share names.
  const tag = randomBytes(4).toString('hex');
  const rootKeys = generateKeyPair();
  const rootSigner = createBuiltInSigner(rootKeys.privateKey);
  const rootEnd = until(options.rootLifetimeDays);
  const preparedRoot = prepareRoot(
    {
      names: { profile: 'root', commonName: `Signet root ${tag}`, trustDomain },
      serial: createSerialNumber(randomBytes),
      notBefore,
      notAfter: rootEnd,
    },
    rootSigner,
  );
  const root = await signCertificate(required(preparedRoot, 'root'));
  const rootIssuer = required(createIssuer(required(parseCertificate(root.der), 'root'), rootSigner), 'root');
  const keys = generateKeyPair();
  const intermediateEnd = until(options.intermediateLifetimeDays);
  const preparedIntermediate = prepareCertificate(
    {
      names: { profile: 'intermediate', commonName: `Signet intermediate ${tag}`, trustDomain },
      serial: createSerialNumber(randomBytes),
      notBefore,
      notAfter: intermediateEnd < rootEnd ? intermediateEnd : rootEnd,
      spki: exportSpki(keys.publicKey),
    },
    rootIssuer,
  );
  const intermediate = await signCertificate(required(preparedIntermediate, 'intermediate'));
  return [
    { role: 'root', generation: 1, certificate: root.der, privateKey: rootKeys.privateKey },
    { role: 'intermediate', generation: 1, certificate: intermediate.der, privateKey: keys.privateKey },
  ];
}

/** Loads root and intermediate, making them at the first start of the first replica. */
export async function createAuthority(store: CaKeyStore, options: AuthorityOptions): Promise<Authority> {
  await store.createFirst(() => createKeys(options));
  const keys = await store.load();
  const newest = keys.find((key) => key.role === 'intermediate');
  const roots = keys.filter((key) => key.role === 'root');
  if (newest === undefined || roots.length === 0)
    throw new Error('the database holds no root or no intermediate of the CA');
  const certificate = required(parseCertificate(newest.certificate), 'intermediate');
  if (certificate.notAfter <= options.now)
    throw new Error(`the intermediate of the CA expired on ${certificate.notAfter.toISOString()}`);
  return {
    issuer: required(createIssuer(certificate, createBuiltInSigner(newest.privateKey)), 'intermediate'),
    intermediatePem: formatPem('CERTIFICATE', newest.certificate),
    rootsPem: roots.map((root) => formatPem('CERTIFICATE', root.certificate)),
    rootsSequence: roots.length,
  };
}
