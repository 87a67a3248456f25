// SPDX-License-Identifier: Apache-2.0
import type { DerReader } from '../der/der-reader.ts';
import { buildPrimitive, buildSequence } from '../der/der-writer.ts';

// Context tags of GeneralName (RFC 5280 §4.2.1.6).
const dnsNameTag = 0x82;
const uriTag = 0x86;

/** Subject alternative names, read from DER. */
export interface AlternativeNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** Number of names of other kinds: addresses, e-mail, otherName, …. */
  readonly others: number;
}

/** Reads GeneralNames. Bytes outside of IA5String count as another kind of name. */
export function readGeneralNames(reader: DerReader): AlternativeNames {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  let others = 0;
  const names = reader.enter();
  while (!names.isAtEnd) {
    const { tag, content } = names.readElement();
    const isPrintable = content.every((byte) => byte > 0x20 && byte < 0x7f);
    if (tag === uriTag && isPrintable) uris.push(content.toString('latin1'));
    else if (tag === dnsNameTag && isPrintable) dnsNames.push(content.toString('latin1'));
    else others += 1;
  }
  return { uris, dnsNames, others };
}

/** Writes GeneralNames: URIs first, then DNS names, each in the order given. */
export function buildGeneralNames(uris: readonly string[], dnsNames: readonly string[]): Buffer {
  return buildSequence(
    ...uris.map((uri) => buildPrimitive(6, Buffer.from(uri, 'latin1'))),
    ...dnsNames.map((dnsName) => buildPrimitive(2, Buffer.from(dnsName, 'latin1'))),
  );
}
