// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { craftCsr } from '../../test/csr-builder.ts';
import { parseCertificate, parseCertificatesPem } from '../certificate/parse-certificate.ts';
import { derTag } from '../der/der-tags.ts';
import { buildElement } from '../der/der-writer.ts';
import { formatPem, parsePem } from '../pem.ts';
import { parseCsr } from './parse-csr.ts';

const good = craftCsr();
/** No honest request takes longer; a mutation must not either. */
const slowestMs = 100;

function judge(bytes: Uint8Array): void {
  const startedMs = performance.now();
  const parsed = parseCsr(bytes);
  parseCertificate(bytes);
  expect(performance.now() - startedMs).toBeLessThan(slowestMs);
  if (!parsed.ok) expect(parsed.error.reason).toMatch(/^CSR_/);
}

test('no bytes make a parser throw or hang', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), judge));
});

test('no bytes behind the head of a sequence do either', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => judge(buildElement(derTag.sequence, bytes))));
});

test('no splice of a good request does either', () => {
  const splice = fc.tuple(fc.nat(good.length), fc.nat(40), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(splice, ([at, removed, added]) => {
      const spliced = Buffer.concat([good.subarray(0, at), added, good.subarray(at + removed)]);
      judge(spliced);
      if (!spliced.equals(good)) expect(parseCsr(spliced).ok).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('deep nesting costs nothing', () => {
  judge(Buffer.alloc(4000, Buffer.from([0x30, 0x80])));
  let proper: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 1500; depth += 1) proper = buildElement(derTag.sequence, proper);
  judge(proper);
});

test('no text makes the PEM reader throw, and what is written reads back', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((body) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`),
  );
  fc.assert(
    fc.property(text, (pem) => {
      parsePem(pem);
      parseCertificatesPem(pem);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (der) => {
      expect(parsePem(formatPem('X', der))).toEqual({ ok: true, value: [{ label: 'X', der: Buffer.from(der) }] });
    }),
  );
});
