// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { createTestAuthority } from './test-authority.ts';

describe('test authority', () => {
  test('makes leaves that chain to its root and carry what was asked', () => {
    const root = createTestAuthority();
    const intermediate = root.createIntermediate('Intermediate');
    const uri = 'spiffe://cluster.local/ns/shop/sa/checkout';
    const leaf = intermediate.issue({ uris: [uri], dnsNames: ['a.example'], ipAddresses: ['10.1.2.3', 'fd00::1'] });
    const certificate = new X509Certificate(leaf.certificateDer);
    expect(certificate.subjectAltName).toBe(
      `URI:${uri}, DNS:a.example, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:1`,
    );
    expect(certificate.checkIssued(new X509Certificate(intermediate.certificatePem))).toBe(true);
    expect(certificate.verify(new X509Certificate(intermediate.certificatePem).publicKey)).toBe(true);
    expect(new X509Certificate(intermediate.certificatePem).checkIssued(new X509Certificate(root.rootPem))).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(true);
    expect(certificate.serialNumber.toLowerCase()).toBe(leaf.serial);
    expect(certificate.ca).toBe(false);
    expect(leaf.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  test('certifies a given key, with given dates and serial', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const leaf = createTestAuthority().issue({
      publicKey,
      serial: Uint8Array.of(0xff, 0x01),
      notBefore: new Date('2049-12-31T23:59:59Z'),
      notAfter: new Date('2050-01-01T00:00:00Z'),
    });
    const certificate = new X509Certificate(leaf.certificateDer);
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
    expect(leaf.serial).toBe('ff01');
    expect(certificate.serialNumber).toBe('FF01');
    expect(certificate.validToDate.toISOString()).toBe('2050-01-01T00:00:00.000Z');
    expect(certificate.validFromDate.toISOString()).toBe('2049-12-31T23:59:59.000Z');
  });

  test('its leaves work for TLS with client certificates', async () => {
    const root = createTestAuthority();
    const server = root.createIntermediate('I').issue({ dnsNames: ['server.example'] });
    const client = root.issue({ commonName: 'client' });
    const listener = createServer({
      key: server.keyPem,
      cert: server.chainPem,
      ca: root.rootPem,
      requestCert: true,
      rejectUnauthorized: true,
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
    const socket = connect({
      host: '127.0.0.1',
      port: (listener.address() as AddressInfo).port,
      servername: 'server.example',
      ca: root.rootPem,
      key: client.keyPem,
      cert: client.chainPem,
    });
    await once(socket, 'secureConnect');
    const [peer] = await accepted;
    expect(peer.authorized).toBe(true);
    expect(peer.getPeerCertificate().subject.CN).toBe('client');
    socket.destroy();
    peer.destroy();
    listener.close();
  });
});
