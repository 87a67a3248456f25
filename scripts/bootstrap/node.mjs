// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { manifest, toolsDirectory } from './cache.mjs';
import { withLock } from './lock.mjs';
import { npm } from './npm.mjs';
import { Missing, step } from './progress.mjs';
import { runQuietly } from './run.mjs';

/** A package and a lockfile for npm, so that it checks the pinned digest. */
function lockfile(packageName, version, integrity) {
  const root = { name: 'node', version: '0.0.0', private: true, dependencies: { [packageName]: version } };
  const entry = { version, integrity };
  const packages = { '': root, [`node_modules/${packageName}`]: entry };
  return { root, lock: { name: root.name, version: root.version, lockfileVersion: 3, requires: true, packages } };
}

/** Makes sure that the pinned Node exists and returns the path of its program. */
export async function ensureNode() {
  const { version, integrity } = manifest.node;
  if (process.version === `v${version}`) return process.execPath;
  const packageName = `node-linux-${process.arch}`;
  if (process.platform !== 'linux' || integrity[process.arch] === undefined) {
    throw new Missing(`no Node ${version} for ${process.platform}-${process.arch}: use Linux on x64 or arm64`);
  }
  const home = path.join(toolsDirectory(), `node-${version}`);
  const program = path.join(home, 'node_modules', packageName, 'bin/node');
  if (existsSync(program)) return program;
  await withLock(`node-${version}`, async () => {
    if (existsSync(program)) return;
    await step(`installing Node ${version} from npm`, async () => {
      const fresh = `${home}.new-${process.pid}`;
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(fresh, { recursive: true });
      const { root, lock } = lockfile(packageName, version, integrity[process.arch]);
      writeFileSync(path.join(fresh, 'package.json'), JSON.stringify(root));
      writeFileSync(path.join(fresh, 'package-lock.json'), JSON.stringify(lock));
      await npm(['ci', '--ignore-scripts'], fresh);
      await runQuietly(path.join(fresh, 'node_modules', packageName, 'bin/node'), ['--version']);
      rmSync(home, { recursive: true, force: true });
      renameSync(fresh, home);
    });
  });
  return program;
}
