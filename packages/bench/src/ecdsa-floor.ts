// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { Contender } from './benchmark.ts';

/** About what is signed in a CSR. */
const messageBytes = 200;
const batch = 100;

/** The cryptography that an issuance cannot do without: verify the CSR, sign the certificate. One thread, ECDSA P-256. */
export function createEcdsaFloor(): Contender {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = randomBytes(messageBytes);
  const signature = sign('sha256', message, privateKey);
  return {
    name: 'floor',
    run(durationMs) {
      let operations = 0;
      const cpuBefore = process.threadCpuUsage();
      const startedMs = performance.now();
      while (performance.now() - startedMs < durationMs) {
        for (let count = 0; count < batch; count += 1) {
          if (!verify('sha256', message, publicKey, signature)) throw new Error('a good signature does not verify');
          sign('sha256', message, privateKey);
        }
        operations += batch;
      }
      const elapsedMs = performance.now() - startedMs;
      const cpu = process.threadCpuUsage(cpuBefore);
      return Promise.resolve({ operations, elapsedMs, counters: { userMs: cpu.user / 1000 } });
    },
  };
}
