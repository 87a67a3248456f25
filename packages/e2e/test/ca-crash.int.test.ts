// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { issuanceLedger } from '@signet/proto';
import { createChannel, createClient } from '@signet/runtime';
import { startCsrLoad } from '../src/csr-load.ts';
import { startLoad } from '../src/load.ts';
import { readContext, startPlayground, type Playground } from '../src/playground.ts';
import { findPod } from '../src/pods.ts';

const kills = 20;
const width = 60;

let mesh: Playground;
beforeAll(async () => {
  mesh = await startPlayground();
}, 240_000);
afterAll(async () => mesh?.stop(), 60_000);

/** The projected token of a pod, as its agent reads it. */
function tokenFileOf(playground: Playground, podUid: string): string {
  return path.join(playground.stateDir, 'pods', podUid, 'tokens', 'signet-token');
}

/** How often a starting CA says that it found intents which nobody had completed. */
function restartsWithOpenIntents(): number {
  const log = readFileSync(path.join(mesh.stateDir, 'logs', 'signetd.log'), 'utf8');
  return log.split('\n').filter((line) => line.includes('"openIntents":')).length;
}

/** Every serial in the ledger, as an operator reads it. */
async function ledgerSerials(): Promise<readonly string[]> {
  const context = readContext(mesh);
  const channel = createChannel({
    address: context.caToken,
    rootsPem: () => readFileSync(context.rootsFile, 'utf8'),
    expectedServerIds: context.controlPlaneIds,
    token: () => readFileSync(context.tokenFile, 'utf8').trim(),
  });
  const client = createClient(issuanceLedger, channel);
  const serials: string[] = [];
  for (let pageToken = ''; ;) {
    const page = await client.ListIssuances({ pageSize: 1000, pageToken });
    serials.push(...page.issuances.map((issuance) => issuance.serial));
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  channel.close();
  return serials;
}

test('20 kills with CSRs in flight: nothing that a client holds is missing, nothing is issued twice, traffic goes on', async () => {
  const client = await findPod(mesh, 'shop', 'frontend');
  const tokenFile = tokenFileOf(mesh, client.uid);
  const traffic = await startLoad(mesh, client, { targets: ['http://catalog:8080/products'], rate: 50 });
  const csrs = startCsrLoad(mesh, { tokenFile, width });
  let busiest = 0;
  for (let round = 0; round < kills; round += 1) {
    const held = csrs.serials.length;
    // A round begins once the CA answers again.
    while (csrs.serials.length < held + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    while (csrs.inFlight() < 50) await new Promise((resolve) => setImmediate(resolve));
    busiest = Math.max(busiest, csrs.inFlight());
    for (const pid of mesh.pidsOf('control-plane')) process.kill(pid, 'SIGKILL');
  }
  const held = csrs.serials.length;
  while (csrs.serials.length < held + 20) await new Promise((resolve) => setTimeout(resolve, 20));
  await csrs.stop();
  const counts = await traffic.counts();
  await traffic.stop();

  expect(busiest).toBeGreaterThanOrEqual(50);
  expect(new Set(csrs.serials).size).toBe(csrs.serials.length);
  const ledger = await ledgerSerials();
  expect(new Set(ledger).size).toBe(ledger.length);
  const known = new Set(ledger);
  expect(csrs.serials.filter((serial) => !known.has(serial))).toEqual([]);
  expect(counts.filter((count) => count.refused + count.error > 0)).toEqual([]);
  expect(restartsWithOpenIntents()).toBeGreaterThanOrEqual(5);
}, 600_000);
