// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { issuanceLedger, type Issuance__Output } from '@signet/proto';
import { createChannel, createClient } from '@signet/runtime';
import { readContext, type Playground } from './playground.ts';

/** What the ledger says of a serial, as an operator reads it. */
export async function readIssuance(mesh: Playground, serial: string): Promise<Issuance__Output> {
  const context = readContext(mesh);
  const channel = createChannel({
    address: context.caToken,
    rootsPem: () => readFileSync(context.rootsFile, 'utf8'),
    expectedServerIds: context.controlPlaneIds,
    token: () => readFileSync(context.tokenFile, 'utf8').trim(),
  });
  try {
    return await createClient(issuanceLedger, channel).GetIssuance({ serial });
  } finally {
    channel.close();
  }
}
