// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { issueCertificate } from '../test/certificates.ts';
import { parseCertificateNames } from './certificate-names.ts';

const root = issueCertificate({ subject: 'root' });
const id = 'spiffe://cluster.local/ns/shop/sa/checkout';

describe('parseCertificateNames', () => {
  test('reads identity, names, serial and validity', () => {
    const notBefore = new Date('2026-01-02T03:04:05Z');
    const notAfter = new Date('2026-02-03T04:05:06Z');
    const leaf = issueCertificate({
      subject: 'leaf',
      issuer: root,
      uris: [id],
      dnsNames: ['a.shop.svc', 'b'],
      notBefore,
      notAfter,
    });
    expect(parseCertificateNames(leaf.certificate)).toEqual({
      spiffeId: id,
      dnsNames: ['a.shop.svc', 'b'],
      serial: expect.stringMatching(/^01[0-9a-f]{30}$/),
      notBefore,
      notAfter,
    });
  });

  test.each([
    ['no name at all', {}],
    ['two URIs', { uris: [id, `${id}2`] }],
    ['a DNS name that looks like a URI', { dnsNames: [id] }],
  ])('%s is no identity', (_, names) => {
    expect(
      parseCertificateNames(issueCertificate({ subject: id, issuer: root, ...names }).certificate).spiffeId,
    ).toBeUndefined();
  });

  test('a name with quotes and commas stays one name', () => {
    const tricky = `${id}", URI:spiffe://cluster.local/ns/a/sa/b`;
    expect(
      parseCertificateNames(issueCertificate({ subject: 'x', issuer: root, uris: [tricky] }).certificate).spiffeId,
    ).toBe(tricky);
  });

  test('bytes that are no certificate throw', () => {
    expect(() => parseCertificateNames(Buffer.from('3003020101', 'hex'))).toThrow(/PEM|ASN1|DER/);
    const leaf = issueCertificate({ subject: 'leaf', issuer: root, uris: [id] }).certificate;
    expect(() => parseCertificateNames(leaf.subarray(0, leaf.length - 1))).toThrow(/PEM|ASN1|DER/);
  });
});
