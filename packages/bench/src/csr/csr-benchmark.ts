// SPDX-License-Identifier: Apache-2.0
import type { Benchmark, PreparedBenchmark, Sample } from '../benchmark.ts';
import { createEcdsaFloor } from '../ecdsa-floor.ts';
import { measureOpenssl, type OpensslSpeed } from '../openssl-speed.ts';
import { startBenchControlPlane } from './control-plane.ts';
import { createCsrLoad } from './csr-load.ts';

const podCount = 64;
const connections = 16;
const callsPerConnection = 8;
/** The floor must not be slow by its own fault. */
const floorShareMin = 0.9;

/** Operations per second of user time, which is what `openssl speed` divides by. */
function userRate(sample: Sample): number {
  return (sample.operations / (sample.counters['userMs'] ?? Infinity)) * 1000;
}

/** The best of each side: what else runs on the machine makes both slower, never faster. */
function checkFloor(floorRates: readonly number[], openssl: readonly OpensslSpeed[]): readonly string[] {
  const best = Math.max(...openssl.map((speed) => speed.pairPerSecond));
  const share = Math.max(...floorRates) / best;
  if (share >= floorShareMin) return [];
  const percent = (share * 100).toFixed(0);
  return [`the floor reaches ${percent} % of openssl speed (${Math.round(best)}/s), at least 90 % are needed`];
}

async function prepare(say: (text: string) => void): Promise<PreparedBenchmark> {
  say('starting Postgres with fsync, the CA and discovery');
  const controlPlane = await startBenchControlPlane(podCount);
  const load = createCsrLoad({ ...controlPlane, connections, callsPerConnection });
  say('warming up');
  await load.run(2000);
  const openssl: OpensslSpeed[] = [await measureOpenssl()];
  const floor = createEcdsaFloor();
  const floorRates: number[] = [userRate(await floor.run(1000))];
  return {
    contenders: [
      load,
      {
        name: 'floor',
        async run(durationMs) {
          const sample = await floor.run(durationMs);
          floorRates.push(userRate(sample));
          openssl.push(await measureOpenssl());
          return sample;
        },
      },
    ],
    versions: {
      openssl: openssl[0]?.version ?? '',
      'openssl of node': process.versions.openssl,
    },
    check(results) {
      const ours = results.get('ours');
      const refused = ours?.counters['refused'] ?? 0;
      return [
        ...checkFloor(floorRates, openssl),
        ...(refused > 0 ? [`${refused} requests were refused: ${JSON.stringify(ours?.counters)}`] : []),
      ];
    },
    async stop() {
      load.close();
      await controlPlane.stop();
    },
  };
}

/** Authenticated CSRs over TLS with a durable ledger, against the cryptography that nobody can leave out. */
export const csrBenchmark: Benchmark = {
  name: 'csr',
  operation:
    'authenticated CSR over TLS: token, attestation, proof of possession, write-ahead ledger in Postgres with fsync, chain',
  prepare,
};
