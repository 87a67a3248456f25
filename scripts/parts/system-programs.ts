// SPDX-License-Identifier: Apache-2.0
import { withLock } from '../bootstrap/lock.mjs';
import { Missing, step } from '../bootstrap/progress.mjs';
import { findProgram, runQuietly } from '../bootstrap/run.mjs';

/** Program → Debian package. `pip` is looked for as a Python module. */
const packages = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  tcpdump: 'tcpdump',
  openssl: 'openssl',
  pip: 'python3-pip',
} as const;

export type SystemProgram = keyof typeof packages;

async function isPresent(program: SystemProgram): Promise<boolean> {
  if (program !== 'pip') return findProgram(program) !== undefined;
  return runQuietly('python3', ['-m', 'pip', '--version']).then(
    () => true,
    () => false,
  );
}

async function findMissing(programs: readonly SystemProgram[]): Promise<SystemProgram[]> {
  const present = await Promise.all(programs.map(isPresent));
  return programs.filter((_, index) => present[index] === false);
}

/** Installs the programs with apt when root, else names the command that does. */
export async function ensureSystemPrograms(programs: readonly SystemProgram[]): Promise<void> {
  const missing = await findMissing(programs);
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((program) => packages[program]))].join(' ');
  const isAble = process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
  if (!isAble) throw new Missing(`${missing.join(', ')} missing: run «sudo apt-get install ${names}»`);
  await withLock('apt', () =>
    step(`installing ${names} with apt`, async () => {
      const environment = { DEBIAN_FRONTEND: 'noninteractive' };
      const install = ['install', '-y', '--no-install-recommends', ...names.split(' ')];
      try {
        await runQuietly('apt-get', install, { env: environment });
      } catch {
        // The package lists of a fresh image are empty or old.
        await runQuietly('apt-get', ['update'], { env: environment });
        await runQuietly('apt-get', install, { env: environment });
      }
    }),
  );
  const left = await findMissing(programs);
  if (left.length > 0) throw new Missing(`${left.join(', ')} still missing after «apt-get install ${names}»`);
}
