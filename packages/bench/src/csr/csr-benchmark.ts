// SPDX-License-Identifier: Apache-2.0
import { median, type Benchmark, type PreparedBenchmark } from '../benchmark.ts';
import { createEcdsaFloor, type EcdsaFloor } from '../ecdsa-floor.ts';
import { measureOpenssl, type OpensslSpeed } from '../openssl-speed.ts';
import { startBenchControlPlane } from './control-plane.ts';
import { createCsrLoad } from './csr-load.ts';

const podCount = 64;
const connections = 16;
const callsPerConnection = 8;
/** The floor must not be slow by its own fault. */
const floorShareMin = 0.9;

/** The floor's best slice against the middle of the runs of `openssl speed`, which are seconds long. */
function checkFloor(floor: EcdsaFloor, openssl: readonly OpensslSpeed[]): readonly string[] {
  const usual = median(openssl.map((speed) => speed.pairPerSecond));
  const share = floor.bestCpuRate() / usual;
  if (share >= floorShareMin) return [];
  const percent = (share * 100).toFixed(0);
  return [`the floor reaches ${percent} % of openssl speed (${Math.round(usual)}/s), at least 90 % are needed`];
}

async function prepare(say: (text: string) => void): Promise<PreparedBenchmark> {
  say('starting Postgres with fsync, the CA and discovery');
  const controlPlane = await startBenchControlPlane(podCount);
  const load = createCsrLoad({ ...controlPlane, connections, callsPerConnection });
  say('warming up');
  await load.run(2000);
  const openssl: OpensslSpeed[] = [await measureOpenssl()];
  const floor = createEcdsaFloor();
  await floor.run(2000);
  return {
    contenders: [
      load,
      {
        name: 'floor',
        async run(durationMs) {
          const sample = await floor.run(durationMs);
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
        ...checkFloor(floor, openssl),
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
