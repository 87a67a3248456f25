// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { SpiffeId } from '@signet/model';
import { buildExtension } from '../certificate/extensions.ts';
import { buildGeneralNames } from '../certificate/general-names.ts';
import { derTag } from '../der/der-tags.ts';
import {
  buildBitString,
  buildConstructed,
  buildElement,
  buildInteger,
  buildOid,
  buildSequence,
} from '../der/der-writer.ts';
import { oid } from '../oids.ts';
import { exportSpki } from '../public-key.ts';
import { buildSignatureAlgorithm, signatureAlgorithmFor } from '../signature-algorithm.ts';

/** Writes a PKCS #10 request in DER with an empty subject, and the URI as its only name when one is given. */
export function buildCsr(request: { readonly privateKey: KeyObject; readonly spiffeId?: SpiffeId }): Buffer {
  const { privateKey, spiffeId } = request;
  const attributes = spiffeId === undefined ? [] : [extensionRequest(spiffeId)];
  const info = buildSequence(
    buildInteger(Buffer.from([0])),
    buildSequence(),
    exportSpki(createPublicKey(privateKey)),
    buildConstructed(0, ...attributes),
  );
  const algorithm = signatureAlgorithmFor(privateKey);
  return buildSequence(
    info,
    buildSignatureAlgorithm(algorithm.id),
    buildBitString(sign(algorithm.digest, info, privateKey)),
  );
}

function extensionRequest(spiffeId: SpiffeId): Buffer {
  // Critical, as RFC 5280 §4.2.1.6 wants it beside an empty subject.
  const names = buildExtension(oid.subjectAltName, true, buildGeneralNames([spiffeId], []));
  return buildSequence(buildOid(oid.extensionRequest), buildElement(derTag.set, buildSequence(names)));
}
