// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildCsr, generateKeyPair } from '@signet/pki';
import { certificateAuthority } from '@signet/proto';
import { createChannel, createClient, createLogger, type Channel } from '@signet/runtime';
import { openDatabase, type Database } from '@signet/store';
import { startPostgres, type PostgresServer } from '@signet/testing';
import { CaFiles, controlPlaneId, pod } from '../ca-kit.ts';
import { prepareSignetd, type Signetd } from '../signetd.ts';

const inFlight = 60;
const kills = 4;

let server: PostgresServer;
let database: Database;
let files: CaFiles;
let start: () => Promise<Signetd>;

beforeAll(async () => {
  server = await startPostgres({ isDurable: true });
  const { url } = await server.createDatabase();
  files = new CaFiles();
  files.writePod(pod('checkout'));
  start = await prepareSignetd(files, url);
  database = await openDatabase({
    config: { url },
    applicationName: 'test',
    logger: createLogger({ component: 'test', level: 'fatal' }),
  });
}, 60_000);

afterAll(async () => {
  await database.close();
  await server.stop();
  files.remove();
});

interface Received {
  readonly serial: string;
  readonly csr: Buffer;
  readonly certificate: string;
}

/** Callers that never tire: each keeps its CSR until it is answered, as the agent does. */
class Callers {
  readonly received: Received[] = [];
  readonly #channels: Channel[] = [];
  #isStopped = false;
  #loops: Promise<void>[] = [];

  start(address: string, token: string): void {
    for (let index = 0; index < inFlight; index += 1) this.#loops.push(this.#call(address, token));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    for (const channel of this.#channels) channel.close();
  }

  async #call(address: string, token: string): Promise<void> {
    const channel = createChannel({
      address,
      rootsPem: () => files.rootsPem,
      expectedServerIds: [controlPlaneId],
      token: () => token,
    });
    this.#channels.push(channel);
    const client = createClient(certificateAuthority, channel);
    let csr = buildCsr({ privateKey: generateKeyPair().privateKey });
    while (!this.#isStopped) {
      try {
        const { serial, certificateChain } = await client.IssueCertificate({ csr }, { timeoutMs: 3000 });
        this.received.push({ serial, csr, certificate: certificateChain[0] ?? '' });
        csr = buildCsr({ privateKey: generateKeyPair().privateKey });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

test('kill -9 with CSRs in flight: open intents are found, nothing received is missing, no serial is used twice', async () => {
  let signetd = await start();
  const callers = new Callers();
  callers.start(signetd.address(15_012), files.tokenOf(pod('checkout')));
  for (let round = 0; round < kills; round += 1) {
    const before = callers.received.length;
    while (callers.received.length < before + 200) await new Promise((resolve) => setTimeout(resolve, 20));
    signetd.process.signal('SIGKILL');
    await signetd.process.exited;
    signetd = await start();
  }
  await callers.stop();
  await signetd.process.stop();

  const rows = await database.query<{ serial: string; certificate: Buffer }>(
    'select serial, certificate from signet.issuance_outcomes where is_issued',
  );
  const ledger = new Map(rows.map((row) => [row.serial, row.certificate.toString('base64')]));
  const missing = callers.received.filter(
    ({ serial, certificate }) => ledger.get(serial) !== certificate.replaceAll(/-----[A-Z ]+-----|\n/g, ''),
  );
  expect(missing).toEqual([]);
  expect(new Set(callers.received.map(({ serial }) => serial)).size).toBe(callers.received.length);
  const [twice] = await database.query(
    'select serial from signet.issuance_intents group by serial having count(*) > 1 limit 1',
  );
  expect(twice).toBeUndefined();
  const [found] = await database.query<{ rounds: string; intents: string }>(
    'select count(*) as rounds, coalesce(sum(open_intents_found), 0) as intents from signet.reconciliations',
  );
  expect(Number(found?.rounds)).toBeGreaterThanOrEqual(1);
  expect(Number(found?.intents)).toBeGreaterThanOrEqual(1);
  // None is left open, and what was given up holds no certificate.
  const [open] = await database.query(
    'select 1 from signet.issuance_intents i left join signet.issuance_outcomes o using (serial) where o.serial is null limit 1',
  );
  expect(open).toBeUndefined();
}, 120_000);
