// SPDX-License-Identifier: Apache-2.0
import { parseDer, type DerReader } from '../der/der-reader.ts';
import { derTag } from '../der/der-tags.ts';
import { buildBoolean, buildOctetString, buildOid, buildSequence } from '../der/der-writer.ts';
import { oid } from '../oids.ts';
import { readGeneralNames, type AlternativeNames } from './general-names.ts';

/** BasicConstraints (RFC 5280 §4.2.1.9). */
export interface BasicConstraints {
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
}

/** Extensions as read from a certificate or asked for in a CSR; undefined where absent. */
export interface Extensions {
  readonly basicConstraints: BasicConstraints | undefined;
  /** Bits that are set. */
  readonly keyUsage: readonly number[] | undefined;
  /** Object identifiers of purposes. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly alternativeNames: AlternativeNames | undefined;
  readonly subjectKeyIdentifier: Buffer | undefined;
  /** keyIdentifier only; the other forms of AuthorityKeyIdentifier are ignored. */
  readonly authorityKeyIdentifier: Buffer | undefined;
  /** Object identifiers of the critical ones among all. */
  readonly critical: ReadonlySet<string>;
  /** Object identifiers of all others. */
  readonly others: readonly string[];
}

interface RawExtension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

function readRawExtensions(reader: DerReader): ReadonlyMap<string, RawExtension> | undefined {
  const found = new Map<string, RawExtension>();
  const list = reader.enter();
  while (!list.isAtEnd) {
    const extension = list.enter();
    const id = extension.readOid();
    const isCritical = extension.nextTag === derTag.boolean && extension.readBoolean();
    const value = extension.read(derTag.octetString).content;
    extension.expectEnd();
    // RFC 5280 §4.2: not more than one instance. Which one is meant would be anybody's guess.
    if (found.has(id)) return undefined;
    found.set(id, { id, isCritical, value });
  }
  return found;
}

function readBasicConstraints(reader: DerReader): BasicConstraints {
  const sequence = reader.enter();
  const isCa = sequence.nextTag === derTag.boolean && sequence.readBoolean();
  const pathLength = sequence.nextTag === derTag.integer ? sequence.readSmallInteger() : undefined;
  sequence.expectEnd();
  return { isCa, pathLength };
}

function readPurposes(reader: DerReader): string[] {
  const purposes: string[] = [];
  const sequence = reader.enter();
  while (!sequence.isAtEnd) purposes.push(sequence.readOid());
  return purposes;
}

function readAuthorityKeyIdentifier(reader: DerReader): Buffer | undefined {
  const sequence = reader.enter();
  const keyId = sequence.readOptional(0x80)?.content;
  while (!sequence.isAtEnd) sequence.readElement();
  return keyId;
}

const known: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extendedKeyUsage,
  oid.subjectAltName,
  oid.subjectKeyIdentifier,
  oid.authorityKeyIdentifier,
]);

/** Reads `Extensions`; undefined when one occurs twice or does not hold what its identifier says. */
export function readExtensions(reader: DerReader): Extensions | undefined {
  const raw = readRawExtensions(reader);
  if (raw === undefined) return undefined;
  let isMalformed = false;
  const value = <T>(id: string, read: (content: DerReader) => T): T | undefined => {
    const extension = raw.get(id);
    if (extension === undefined) return undefined;
    const parsed = parseDer(extension.value, read);
    if (!parsed.ok) isMalformed = true;
    return parsed.ok ? parsed.value : undefined;
  };
  const extensions: Extensions = {
    basicConstraints: value(oid.basicConstraints, readBasicConstraints),
    keyUsage: value(oid.keyUsage, (content) => content.readNamedBits()),
    extendedKeyUsage: value(oid.extendedKeyUsage, readPurposes),
    alternativeNames: value(oid.subjectAltName, readGeneralNames),
    subjectKeyIdentifier: value(oid.subjectKeyIdentifier, (content) => content.read(derTag.octetString).content),
    authorityKeyIdentifier: value(oid.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    critical: new Set([...raw.values()].filter((extension) => extension.isCritical).map((extension) => extension.id)),
    others: [...raw.keys()].filter((id) => !known.has(id)),
  };
  return isMalformed ? undefined : extensions;
}

/** Writes one Extension. */
export function buildExtension(id: string, isCritical: boolean, value: Uint8Array): Buffer {
  return isCritical
    ? buildSequence(buildOid(id), buildBoolean(true), buildOctetString(value))
    : buildSequence(buildOid(id), buildOctetString(value));
}
