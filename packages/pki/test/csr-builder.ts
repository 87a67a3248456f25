// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { derTag } from '../src/der/der-tags.ts';
import {
  buildBitString,
  buildConstructed,
  buildElement,
  buildInteger,
  buildOid,
  buildSequence,
  buildUtf8String,
} from '../src/der/der-writer.ts';
import { generateKeyPair } from '../src/index.ts';
import { oid } from '../src/oids.ts';
import { buildSignatureAlgorithm, signatureAlgorithmFor } from '../src/signature-algorithm.ts';

/** Parts of a CSR, each of which may be wrong. */
export interface CsrParts {
  readonly privateKey?: KeyObject;
  readonly version?: number;
  /** Encoded RelativeDistinguishedNames. */
  readonly subject?: readonly Buffer[];
  /** Replaces that of the key. */
  readonly spki?: Buffer;
  /** Encoded Extensions. */
  readonly extensions?: readonly Buffer[];
  /** Encoded attributes, beside the extension request. */
  readonly attributes?: readonly Buffer[];
  /** Leaves the attributes out, instead of leaving them empty. */
  readonly isWithoutAttributes?: boolean;
  readonly signatureAlgorithm?: string;
}

/** One name attribute, as a RelativeDistinguishedName. */
export function nameAttribute(type: string, value: string): Buffer {
  return buildElement(derTag.set, buildSequence(buildOid(type), buildUtf8String(value)));
}

/** Builds a CSR that is good but for the parts given, and signs whatever it says. */
export function craftCsr(parts: CsrParts = {}): Buffer {
  const privateKey = parts.privateKey ?? generateKeyPair().privateKey;
  const request =
    parts.extensions === undefined
      ? []
      : [buildSequence(buildOid(oid.extensionRequest), buildElement(derTag.set, buildSequence(...parts.extensions)))];
  const info = buildSequence(
    buildInteger(Buffer.from([parts.version ?? 0])),
    buildSequence(...(parts.subject ?? [])),
    parts.spki ?? createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    ...(parts.isWithoutAttributes === true ? [] : [buildConstructed(0, ...request, ...(parts.attributes ?? []))]),
  );
  const { id, digest } = signatureAlgorithmFor(privateKey);
  const signature = sign(digest, info, privateKey);
  return buildSequence(info, buildSignatureAlgorithm(parts.signatureAlgorithm ?? id), buildBitString(signature));
}
