// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { Contender } from './benchmark.ts';

/** About what is signed in a small CSR. */
const messageBytes = 128;
const batch = 100;
/** Processor time of one slice: long enough for its clock, short enough to fall between two disturbances. */
const sliceCpuMs = 250;

/** The floor, and how fast it is when nothing disturbs it. */
export interface EcdsaFloor extends Contender {
  /** Operations per second of the thread's processor time in the best slice of all runs. */
  bestCpuRate(): number;
}

/** The cryptography that an issuance cannot do without: verify the CSR, sign the certificate. One thread, ECDSA P-256. */
export function createEcdsaFloor(): EcdsaFloor {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = randomBytes(messageBytes);
  const signature = sign('sha256', message, privateKey);
  let best = 0;

  function runSlice(): number {
    const before = process.threadCpuUsage();
    let operations = 0;
    for (;;) {
      for (let count = 0; count < batch; count += 1) {
        if (!verify('sha256', message, publicKey, signature)) throw new Error('a good signature does not verify');
        sign('sha256', message, privateKey);
      }
      operations += batch;
      const { user, system } = process.threadCpuUsage(before);
      // Both: the kernel counts their sum exactly and only estimates how it divides.
      const cpuMs = (user + system) / 1000;
      if (cpuMs < sliceCpuMs) continue;
      best = Math.max(best, (operations / cpuMs) * 1000);
      return operations;
    }
  }

  return {
    name: 'floor',
    bestCpuRate: () => best,
    run(durationMs) {
      const startedMs = performance.now();
      let operations = 0;
      while (performance.now() - startedMs < durationMs) operations += runSlice();
      return Promise.resolve({ operations, elapsedMs: performance.now() - startedMs, counters: {} });
    },
  };
}
