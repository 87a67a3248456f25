// SPDX-License-Identifier: Apache-2.0
// Installs the real parts of a purpose: `node scripts/bootstrap.mjs parts [demo | bench | test]`. What is there already is
// left alone.
import { manifest } from '../bootstrap/cache.mjs';
import { Missing, say } from '../bootstrap/progress.mjs';
import { CommandFailed } from '../bootstrap/run.mjs';
import { ensureEnvoy } from './envoy.ts';
import { ensureClient, ensureKubernetes } from './go-programs.ts';
import { ensureSystemPrograms } from './system-programs.ts';

const newestEnvoy = manifest.envoy.versions.slice(0, 1);

const purposes: Readonly<Record<string, () => Promise<void>>> = {
  async demo() {
    await ensureSystemPrograms(['ip', 'nft', 'unshare', 'nsenter']);
    for (const version of newestEnvoy) await ensureEnvoy(version);
  },
  async bench() {
    await ensureSystemPrograms(['openssl']);
    for (const version of newestEnvoy) await ensureEnvoy(version);
  },
  async test() {
    await ensureSystemPrograms(['ip', 'nft', 'unshare', 'nsenter', 'tcpdump', 'openssl']);
    for (const version of manifest.envoy.versions) await ensureEnvoy(version);
    await ensureClient();
    await ensureKubernetes();
  },
};

try {
  const purpose = process.argv[2] ?? 'test';
  const install = purposes[purpose];
  if (install === undefined)
    throw new Missing(`no purpose «${purpose}»; there are ${Object.keys(purposes).join(', ')}`);
  await install();
} catch (error) {
  const isExplained = error instanceof Missing || error instanceof CommandFailed;
  say(error instanceof Error ? (isExplained ? error.message : (error.stack ?? error.message)) : String(error));
  process.exitCode = 1;
}
