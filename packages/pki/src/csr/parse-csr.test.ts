// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Reason } from '@signet/model';
import { craftCsr, nameAttribute } from '../../test/csr-builder.ts';
import { cartId } from '../../test/chain-kit.ts';
import { buildExtension } from '../certificate/extensions.ts';
import { buildGeneralNames } from '../certificate/general-names.ts';
import { derTag } from '../der/der-tags.ts';
import {
  buildBitString,
  buildBoolean,
  buildElement,
  buildInteger,
  buildNamedBits,
  buildOid,
  buildPrimitive,
  buildSequence,
} from '../der/der-writer.ts';
import { keyUsageBit, oid } from '../oids.ts';
import { formatPem } from '../pem.ts';
import { exportSpki, generateKeyPair, publicKeySha256 } from '../public-key.ts';
import { buildCsr } from './build-csr.ts';
import { csrSizeBytesMax, parseCsr } from './parse-csr.ts';

const names = (...content: readonly Buffer[]): Buffer =>
  buildExtension(oid.subjectAltName, false, buildSequence(...content));
const uri = (text: string): Buffer => buildPrimitive(6, Buffer.from(text));
const rsaSpki = (modulus: Buffer, exponent: Buffer): Buffer =>
  buildSequence(
    buildSequence(buildOid(oid.rsaEncryption), buildElement(derTag.null)),
    buildBitString(buildSequence(buildInteger(modulus), buildInteger(exponent))),
  );
const modulus = (bits: number): Buffer => {
  const bytes = randomBytes(bits / 8);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1;
  return bytes;
};
const f4 = Buffer.from([1, 0, 1]);
const pem = (der: Buffer): string => formatPem('CERTIFICATE REQUEST', der);

function reasonOf(bytes: Uint8Array): Reason | undefined {
  const parsed = parseCsr(bytes);
  return parsed.ok ? undefined : parsed.error.reason;
}

describe('accepted', () => {
  test.each([
    ['P-256', generateKeyPair('p256')],
    ['P-384', generateKeyPair('p384')],
    ['Ed25519', generateKeyPair('ed25519')],
    ['RSA 2048', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('%s, in DER and in PEM', (_name, { privateKey, publicKey }) => {
    const der = buildCsr({ privateKey, spiffeId: cartId });
    const spki = exportSpki(publicKey);
    for (const bytes of [der, Buffer.from(pem(der)), Buffer.from(pem(der).replaceAll('\n', '\r\n'))]) {
      const parsed = parseCsr(bytes);
      expect(parsed).toMatchObject({
        ok: true,
        value: { requestedUri: cartId, publicKeySha256: publicKeySha256(spki) },
      });
      expect(parsed.ok && parsed.value.spki.equals(spki)).toBe(true);
    }
  });

  test.each([
    ['nothing asked for', {}],
    ['no attributes at all', { isWithoutAttributes: true }],
    ['an organisation', { subject: [nameAttribute(oid.organization, 'acme')] }],
    ['CA:FALSE', { extensions: [buildExtension(oid.basicConstraints, true, buildSequence())] }],
    [
      'harmless usages',
      {
        extensions: [
          buildExtension(
            oid.keyUsage,
            true,
            buildNamedBits([keyUsageBit.digitalSignature, keyUsageBit.keyEncipherment]),
          ),
        ],
      },
    ],
    [
      'TLS purposes',
      {
        extensions: [
          buildExtension(
            oid.extendedKeyUsage,
            false,
            buildSequence(buildOid(oid.serverAuth), buildOid(oid.clientAuth)),
          ),
        ],
      },
    ],
  ])('%s', (_name, parts) => {
    expect(parseCsr(craftCsr(parts))).toMatchObject({ ok: true, value: { requestedUri: undefined } });
  });
});

describe('refused', () => {
  const good = craftCsr();
  const other = exportSpki(generateKeyPair().publicKey);
  test.each<[Reason, string, Buffer]>([
    ['CSR_TOO_LARGE', 'one byte too many', Buffer.alloc(csrSizeBytesMax + 1, 0x30)],
    ['CSR_MALFORMED', 'nothing', Buffer.alloc(0)],
    ['CSR_MALFORMED', 'bytes behind', Buffer.concat([good, Buffer.from([0])])],
    ['CSR_MALFORMED', 'bytes missing', good.subarray(0, -1)],
    ['CSR_MALFORMED', 'two requests in one PEM', Buffer.from(pem(good) + pem(craftCsr()))],
    ['CSR_MALFORMED', 'another PEM block', Buffer.from(formatPem('CERTIFICATE', good))],
    ['CSR_MALFORMED', 'base64 with rests', Buffer.from(pem(good).replace('\n-----END', '=\n-----END'))],
    ['CSR_MALFORMED', 'version 1', craftCsr({ version: 1 })],
    ['CSR_MALFORMED', 'an extension twice', craftCsr({ extensions: [names(uri(cartId)), names(uri(`${cartId}x`))] })],
    ['CSR_SUBJECT_NOT_ALLOWED', 'a common name', craftCsr({ subject: [nameAttribute(oid.commonName, 'cart')] })],
    [
      'CSR_SUBJECT_NOT_ALLOWED',
      'a common name behind an organisation',
      craftCsr({ subject: [nameAttribute(oid.organization, 'a'), nameAttribute(oid.commonName, 'b')] }),
    ],
    ['CSR_SAN_NOT_ALLOWED', 'a DNS name', craftCsr({ extensions: [names(buildPrimitive(2, Buffer.from('cart')))] })],
    [
      'CSR_SAN_NOT_ALLOWED',
      'an address',
      craftCsr({ extensions: [names(buildPrimitive(7, Buffer.from([10, 0, 0, 1])))] }),
    ],
    [
      'CSR_SAN_NOT_ALLOWED',
      'an e-mail address',
      craftCsr({ extensions: [names(buildPrimitive(1, Buffer.from('a@b.c')))] }),
    ],
    ['CSR_SAN_NOT_ALLOWED', 'two URIs', craftCsr({ extensions: [names(uri(cartId), uri('spiffe://a/b'))] })],
    ['CSR_SAN_NOT_ALLOWED', 'a URI with a NUL', craftCsr({ extensions: [names(uri(`${cartId}\0`))] })],
    [
      'CSR_EXTENSION_NOT_ALLOWED',
      'CA:TRUE',
      craftCsr({ extensions: [buildExtension(oid.basicConstraints, true, buildSequence(buildBoolean(true)))] }),
    ],
    [
      'CSR_EXTENSION_NOT_ALLOWED',
      'certificate signing',
      craftCsr({ extensions: [buildExtension(oid.keyUsage, true, buildNamedBits([keyUsageBit.keyCertSign]))] }),
    ],
    [
      'CSR_EXTENSION_NOT_ALLOWED',
      'CRL signing',
      craftCsr({ extensions: [buildExtension(oid.keyUsage, true, buildNamedBits([keyUsageBit.crlSign]))] }),
    ],
    [
      'CSR_EXTENSION_NOT_ALLOWED',
      'any purpose',
      craftCsr({ extensions: [buildExtension(oid.extendedKeyUsage, false, buildSequence(buildOid('551d2500')))] }),
    ],
    [
      'CSR_EXTENSION_NOT_ALLOWED',
      'an unknown extension',
      craftCsr({ extensions: [buildExtension('2a0304', false, buildSequence())] }),
    ],
    [
      'CSR_EXTENSION_NOT_ALLOWED',
      'a challenge password',
      craftCsr({ attributes: [buildSequence(buildOid('2a864886f70d010907'), buildElement(derTag.set))] }),
    ],
    ['CSR_SIGNATURE_INVALID', 'another key than the one that signed', craftCsr({ spki: other })],
    ['CSR_SIGNATURE_INVALID', 'SHA-1', craftCsr({ signatureAlgorithm: '2a8648ce3d0401' })],
    ['CSR_KEY_WEAK', 'RSA 1024', craftCsr({ spki: rsaSpki(modulus(1024), f4) })],
    ['CSR_KEY_WEAK', 'RSA 2040', craftCsr({ spki: rsaSpki(modulus(2040), f4) })],
    ['CSR_KEY_WEAK', 'RSA 8192', craftCsr({ spki: rsaSpki(modulus(8192), f4) })],
    ['CSR_KEY_WEAK', 'exponent 3', craftCsr({ spki: rsaSpki(modulus(2048), Buffer.from([3])) })],
    ['CSR_KEY_WEAK', 'exponent 1', craftCsr({ spki: rsaSpki(modulus(2048), Buffer.from([1])) })],
    ['CSR_KEY_WEAK', 'an exponent as long as the modulus', craftCsr({ spki: rsaSpki(modulus(2048), modulus(2048)) })],
    [
      'CSR_KEY_UNSUPPORTED',
      'P-521',
      craftCsr({ spki: exportSpki(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey) }),
    ],
    [
      'CSR_KEY_UNSUPPORTED',
      'secp256k1',
      craftCsr({ spki: exportSpki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey) }),
    ],
    ['CSR_KEY_UNSUPPORTED', 'X25519', craftCsr({ spki: exportSpki(generateKeyPairSync('x25519').publicKey) })],
    [
      'CSR_KEY_UNSUPPORTED',
      'DSA',
      craftCsr({ spki: exportSpki(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey) }),
    ],
    ['CSR_KEY_UNSUPPORTED', 'a point off the curve', craftCsr({ spki: offCurve() })],
    [
      'CSR_KEY_UNSUPPORTED',
      'RSA-PSS only',
      craftCsr({ spki: exportSpki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey) }),
    ],
  ])('%s: %s', (reason, _name, bytes) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  test('every change of a single byte', () => {
    const csr = buildCsr({ privateKey: generateKeyPair().privateKey, spiffeId: cartId });
    const accepted = Array.from(csr.keys()).filter((index) => {
      const changed = Buffer.from(csr);
      changed[index] = (changed[index] ?? 0) ^ 0x41;
      return parseCsr(changed).ok;
    });
    expect(accepted).toEqual([]);
  });
});

function offCurve(): Buffer {
  const spki = exportSpki(createPublicKey(generateKeyPair().privateKey));
  spki[spki.length - 1] = (spki.at(-1) ?? 0) ^ 1;
  return spki;
}

test('GeneralNames keep their order and read back', () => {
  const extension = buildExtension(oid.subjectAltName, true, buildGeneralNames([cartId], []));
  expect(parseCsr(craftCsr({ extensions: [extension] }))).toMatchObject({ ok: true, value: { requestedUri: cartId } });
});
