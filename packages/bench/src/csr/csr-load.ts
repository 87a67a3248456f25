// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { toSignetError, createChannel, createClient, type Channel } from '@signet/runtime';
import { certificateAuthority } from '@signet/proto';
import { buildCsr } from '@signet/pki';
import type { Contender, Sample } from '../benchmark.ts';

const batchOfKeys = 2000;

/** CSRs for fresh keys, made before they are needed, so that the clock sees no key generation. */
export function createCsrPool(): { fill(count: number): void; take(): Buffer } {
  const ready: Buffer[] = [];
  const fill = (count: number): void => {
    while (ready.length < count)
      ready.push(buildCsr({ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }));
  };
  return {
    fill,
    take() {
      const csr = ready.pop();
      if (csr !== undefined) return csr;
      fill(batchOfKeys);
      return ready.pop() ?? Buffer.alloc(0);
    },
  };
}

/** Clients that ask the CA for certificates as fast as it answers: each on its own TLS connection, each with its own token. */
export function createCsrLoad(o: {
  readonly caAddress: string;
  readonly rootsPem: string;
  readonly caIds: readonly string[];
  readonly tokens: readonly string[];
  readonly connections: number;
  readonly callsPerConnection: number;
}): Contender & { close(): void } {
  const pool = createCsrPool();
  let expectedPerMs = 4;
  const channels = Array.from({ length: o.connections }, (_, index): Channel =>
    createChannel({
      address: o.caAddress,
      rootsPem: () => o.rootsPem,
      expectedServerIds: o.caIds,
      token: () => o.tokens[index % o.tokens.length] ?? '',
    }),
  );
  const clients = channels.map((channel) => createClient(certificateAuthority, channel));

  async function run(durationMs: number): Promise<Sample> {
    pool.fill(Math.ceil(expectedPerMs * durationMs));
    const counters: Record<string, number> = { refused: 0 };
    let operations = 0;
    const startedMs = performance.now();
    const ask = async (client: (typeof clients)[number]): Promise<void> => {
      while (performance.now() - startedMs < durationMs) {
        try {
          await client.IssueCertificate({ csr: pool.take(), profile: 'PROFILE_WORKLOAD' });
          operations += 1;
        } catch (error) {
          const { reason } = toSignetError(error);
          counters['refused'] = (counters['refused'] ?? 0) + 1;
          counters[reason] = (counters[reason] ?? 0) + 1;
        }
      }
    };
    await Promise.all(clients.flatMap((client) => Array.from({ length: o.callsPerConnection }, () => ask(client))));
    const elapsedMs = performance.now() - startedMs;
    expectedPerMs = Math.max(1, (operations / elapsedMs) * 1.2);
    return { operations, elapsedMs, counters };
  }

  return {
    name: 'ours',
    run,
    close() {
      for (const channel of channels) channel.close();
    },
  };
}
