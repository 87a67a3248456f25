// SPDX-License-Identifier: Apache-2.0
import { parseSpiffeId, type SpiffeId } from '@signet/model';
import { buildBoolean, buildInteger, buildNamedBits, buildOid, buildSequence } from '../der/der-writer.ts';
import { keyUsageBit, oid } from '../oids.ts';
import { buildExtension } from './extensions.ts';
import type { SubjectName } from './distinguished-name.ts';

/** Names of a certificate, by profile. */
export type CertificateNames =
  | { readonly profile: 'workload'; readonly spiffeId: SpiffeId }
  | { readonly profile: 'serving'; readonly spiffeId: SpiffeId; readonly dnsNames: readonly string[] }
  | { readonly profile: 'intermediate' | 'root'; readonly commonName: string; readonly trustDomain: string };

/** All profiles. */
export type ProfileName = CertificateNames['profile'];

/** What a profile writes into every certificate. */
export interface Profile {
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsage: readonly number[];
  readonly extendedKeyUsage: readonly string[];
  /** BasicConstraints, KeyUsage and ExtendedKeyUsage, encoded. */
  readonly fixedExtensions: Buffer;
}

function createProfile(rules: Omit<Profile, 'fixedExtensions'>): Profile {
  const { isCa, pathLength, keyUsage, extendedKeyUsage } = rules;
  const constraints = [
    ...(isCa ? [buildBoolean(true)] : []),
    ...(pathLength === undefined ? [] : [buildInteger(Buffer.from([pathLength]))]),
  ];
  const extensions = [
    buildExtension(oid.basicConstraints, true, buildSequence(...constraints)),
    buildExtension(oid.keyUsage, true, buildNamedBits(keyUsage)),
    ...(extendedKeyUsage.length === 0
      ? []
      : [buildExtension(oid.extendedKeyUsage, false, buildSequence(...extendedKeyUsage.map(buildOid)))]),
  ];
  return { ...rules, fixedExtensions: Buffer.concat(extensions) };
}

const leaf = createProfile({
  isCa: false,
  pathLength: undefined,
  keyUsage: [keyUsageBit.digitalSignature],
  extendedKeyUsage: [oid.serverAuth, oid.clientAuth],
});

/** The rules of each profile. A root limits the chain below it to one intermediate, an intermediate to none. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  workload: leaf,
  serving: leaf,
  intermediate: createProfile({
    isCa: true,
    pathLength: 0,
    keyUsage: [keyUsageBit.keyCertSign, keyUsageBit.crlSign],
    extendedKeyUsage: [],
  }),
  root: createProfile({
    isCa: true,
    pathLength: 1,
    keyUsage: [keyUsageBit.keyCertSign, keyUsageBit.crlSign],
    extendedKeyUsage: [],
  }),
};

/** Names as they stand in the certificate. */
export interface WrittenNames {
  readonly subject: SubjectName;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/** The subject and alternative names that a profile writes. A CA certificate names its trust domain (X509-SVID §3.1). */
export function writtenNames(names: CertificateNames): WrittenNames {
  switch (names.profile) {
    case 'workload':
      return { subject: {}, uris: [names.spiffeId], dnsNames: [] };
    case 'serving':
      return { subject: {}, uris: [names.spiffeId], dnsNames: names.dnsNames };
    case 'intermediate':
    case 'root':
      return {
        subject: { organization: 'Signet', commonName: names.commonName },
        uris: [`spiffe://${names.trustDomain}`],
        dnsNames: [],
      };
    default:
      return names satisfies never;
  }
}

const dnsNamesMax = 100;
const dnsNamePattern = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** True for a DNS name in lower case without wildcard. */
export function isDnsName(text: string): boolean {
  return dnsNamePattern.test(text);
}

/** What is wrong with the names that a certificate shall carry; undefined when nothing is. */
export function namesProblem(names: CertificateNames): string | undefined {
  if ('commonName' in names) {
    return names.commonName.length >= 1 && names.commonName.length <= 64
      ? undefined
      : 'the common name must have 1 to 64 characters';
  }
  const id = parseSpiffeId(names.spiffeId);
  if (!id.ok) return id.error;
  return names.profile === 'serving' ? dnsNamesProblem(names.dnsNames) : undefined;
}

function dnsNamesProblem(dnsNames: readonly string[]): string | undefined {
  if (dnsNames.length === 0 || dnsNames.length > dnsNamesMax)
    return `a serving certificate needs 1 to ${dnsNamesMax} DNS names`;
  if (new Set(dnsNames).size !== dnsNames.length) return 'a DNS name occurs twice';
  const wrong = dnsNames.find((dnsName) => !isDnsName(dnsName));
  return wrong === undefined ? undefined : `«${wrong}» is not a DNS name`;
}
