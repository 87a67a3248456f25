// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fromBER } from 'asn1js';
import { Certificate, CertificateChainValidationEngine } from 'pkijs';
import { buildCsr, generateKeyPair } from '../../src/index.ts';
import { cartId, createTestChain, now, pemOf } from '../chain-kit.ts';

type Chain = Awaited<ReturnType<typeof createTestChain>>;
let chain: Chain;
const directory = mkdtempSync(path.join(tmpdir(), 'signet-pki-'));
const at = (name: string): string => path.join(directory, name);
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', [...args], { encoding: 'utf8', stdio: 'pipe' });

beforeAll(async () => {
  chain = await createTestChain();
  writeFileSync(at('root.pem'), pemOf(chain.root.certificate));
  writeFileSync(at('intermediate.pem'), pemOf(chain.intermediate.certificate));
  writeFileSync(at('leaf.pem'), pemOf(chain.leaf));
});

afterAll(() => rmSync(directory, { recursive: true }));

test('OpenSSL accepts the chain, strictly and for both purposes', () => {
  const time = String(now.getTime() / 1000);
  for (const purpose of ['sslserver', 'sslclient']) {
    const args = [
      '-x509_strict',
      '-attime',
      time,
      '-purpose',
      purpose,
      '-CAfile',
      at('root.pem'),
      '-untrusted',
      at('intermediate.pem'),
    ];
    expect(openssl('verify', ...args, at('leaf.pem'))).toContain('OK');
  }
});

test('OpenSSL reads the same fields', () => {
  const text = openssl(
    'x509',
    '-in',
    at('leaf.pem'),
    '-noout',
    '-serial',
    '-dates',
    '-ext',
    'subjectAltName,keyUsage,extendedKeyUsage,basicConstraints',
  );
  expect(text).toContain(`serial=${chain.leaf.serial.toUpperCase()}`);
  expect(text).toContain('notAfter=Nov 26 12:00:00 2026 GMT');
  expect(text).toContain(`URI:${cartId}`);
  expect(text).toContain('CA:FALSE');
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  expect(new X509Certificate(pemOf(chain.leaf)).verify(chain.intermediate.certificate.publicKey)).toBe(true);
});

test.each(['p256', 'p384', 'ed25519'] as const)('OpenSSL verifies a CSR of a %s key', (kind) => {
  writeFileSync(at('csr.der'), buildCsr({ privateKey: generateKeyPair(kind).privateKey, spiffeId: cartId }));
  const text = openssl('req', '-inform', 'DER', '-in', at('csr.der'), '-noout', '-verify', '-text');
  expect(text).toContain(`URI:${cartId}`);
});

test('pkijs builds and verifies the same chain', async () => {
  const toPkijs = (der: Buffer): Certificate => new Certificate({ schema: fromBER(new Uint8Array(der).buffer).result });
  const engine = new CertificateChainValidationEngine({
    trustedCerts: [toPkijs(chain.root.certificate.der)],
    certs: [toPkijs(chain.intermediate.certificate.der), toPkijs(chain.leaf.der)],
    checkDate: now,
  });
  expect(await engine.verify()).toMatchObject({ result: true });
});
