// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { buildCsr, generateKeyPair } from '@signet/pki';
import { certificateAuthority } from '@signet/proto';
import { createChannel, createClient, toSignetError } from '@signet/runtime';
import { readContext, type Playground } from './playground.ts';

/** What a client holds in the end: the only witness of what was issued. */
export interface CsrLoad {
  /** Serials of the certificates that arrived. */
  readonly serials: readonly string[];
  /** Requests that ended otherwise, by reason. */
  readonly failures: ReadonlyMap<string, number>;
  /** Requests on their way at this moment. */
  inFlight(): number;
  stop(): Promise<void>;
}

/** Keeps `width` CSRs, each for a new key, on their way to the CA with the token in a file. */
export function startCsrLoad(
  mesh: Playground,
  options: { readonly tokenFile: string; readonly width: number },
): CsrLoad {
  const context = readContext(mesh);
  const serials: string[] = [];
  const failures = new Map<string, number>();
  let isStopped = false;
  let inFlight = 0;

  async function work(): Promise<void> {
    const channel = createChannel({
      address: context.caToken,
      rootsPem: () => readFileSync(context.rootsFile, 'utf8'),
      expectedServerIds: context.controlPlaneIds,
      token: () => readFileSync(options.tokenFile, 'utf8').trim(),
    });
    const client = createClient(certificateAuthority, channel);
    while (!isStopped) {
      const csr = buildCsr({ privateKey: generateKeyPair('p256').privateKey });
      inFlight += 1;
      try {
        const answer = await client.IssueCertificate({ csr }, { timeoutMs: 10_000 });
        serials.push(answer.serial);
      } catch (error) {
        const { reason } = toSignetError(error);
        failures.set(reason, (failures.get(reason) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 100));
      } finally {
        inFlight -= 1;
      }
    }
    channel.close();
  }

  const workers = Array.from({ length: options.width }, work);
  return {
    serials,
    failures,
    inFlight: () => inFlight,
    async stop() {
      isStopped = true;
      await Promise.all(workers);
    },
  };
}
