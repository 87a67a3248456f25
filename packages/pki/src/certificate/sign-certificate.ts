// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import { buildBitString, buildSequence } from '../der/der-writer.ts';
import { isSignatureValid } from '../signature-algorithm.ts';
import { parseCertificateFields, type CertificateFields } from './parse-certificate.ts';
import type { PreparedCertificate } from './prepare-certificate.ts';
import { profiles, writtenNames } from './profile.ts';
import { oid } from '../oids.ts';

/** A certificate that says what was intended. */
export interface SignedCertificate {
  readonly der: Buffer;
  readonly fields: CertificateFields;
}

/**
 * Signs once, reads the result back and compares it with the intent. Throws `INTERNAL` when they differ: a broken signer
 * or a broken template, never the caller's fault.
 */
export async function signCertificate(prepared: PreparedCertificate): Promise<SignedCertificate> {
  const { signed, signatureAlgorithm, signer } = prepared;
  const signature = await signer.sign(signed);
  const der = buildSequence(signed, signatureAlgorithm, buildBitString(signature));
  const fields = parseCertificateFields(der);
  if (!fields.ok) throw broken(fields.error);
  const problems = compareWithIntent(fields.value, prepared);
  if (problems.length > 0) throw broken(problems.join('; '));
  const { publicKey, algorithm } = signer;
  if (signer.isRemote && !isSignatureValid({ algorithm, publicKey, signed, signature }))
    throw broken('the signature is not valid');
  return { der, fields: fields.value };
}

function broken(detail: string): SignetError {
  return new SignetError('INTERNAL', 'the signed certificate is not the intended one', { detail });
}

/** Differences between a certificate, as read back, and the intent behind it. */
export function compareWithIntent(
  fields: CertificateFields,
  { intent, signed }: PreparedCertificate,
): readonly string[] {
  const { extensions } = fields;
  const profile = profiles[intent.names.profile];
  const { uris, dnsNames } = writtenNames(intent.names);
  const sameList = (a: readonly unknown[] | undefined, b: readonly unknown[]): boolean =>
    a?.length === b.length && a.every((item, index) => item === b[index]);
  const checks: readonly (readonly [string, boolean])[] = [
    ['signed bytes', fields.signed.equals(signed)],
    ['serial', fields.serial === intent.serial.toString('hex')],
    ['notBefore', fields.notBefore.getTime() === intent.notBefore.getTime()],
    ['notAfter', fields.notAfter.getTime() === intent.notAfter.getTime()],
    ['key', fields.spki.equals(intent.spki)],
    ['URI names', sameList(extensions.alternativeNames?.uris, uris)],
    ['DNS names', sameList(extensions.alternativeNames?.dnsNames, dnsNames)],
    ['other names', extensions.alternativeNames?.others === 0],
    ['CA', extensions.basicConstraints?.isCa === profile.isCa],
    ['path length', extensions.basicConstraints?.pathLength === profile.pathLength],
    [
      'key usage',
      sameList(
        extensions.keyUsage,
        [...profile.keyUsage].sort((a, b) => a - b),
      ),
    ],
    ['extended key usage', sameList(extensions.extendedKeyUsage ?? [], profile.extendedKeyUsage)],
    [
      'key identifiers',
      extensions.subjectKeyIdentifier?.length === 20 && extensions.authorityKeyIdentifier !== undefined,
    ],
    ['other extensions', extensions.others.length === 0],
    ['critical BasicConstraints', extensions.critical.has(oid.basicConstraints)],
  ];
  return checks.filter(([, isSame]) => !isSame).map(([what]) => `${what} differs`);
}
