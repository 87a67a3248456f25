// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Programs of the machine and the Debian package of each. */
const programs = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  nft: 'nftables',
} as const;

/** PATH with the administrator's directories, where ip and nft are and which an ordinary user's PATH may lack. */
export function fullSearchPath(env: NodeJS.ProcessEnv): string {
  const known = (env['PATH'] ?? '').split(':').filter((entry) => entry !== '');
  return [
    ...new Set([path.dirname(process.execPath), ...known, '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']),
  ].join(':');
}

/** Throws with what is missing and the command that installs it. */
export function checkPrograms(searchPath: string): void {
  const missing = Object.entries(programs).filter(
    ([name]) => !searchPath.split(':').some((directory) => existsSync(path.join(directory, name))),
  );
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new Error(`${missing.map(([name]) => name).join(', ')} missing: run «sudo apt-get install ${packages}»`);
}

/** The Envoy to run: SIGNET_ENVOY, else the newest version that the installer keeps. */
export function findEnvoy(env: NodeJS.ProcessEnv): string {
  const own = env['SIGNET_ENVOY'];
  if (own !== undefined && own !== '') return path.resolve(own);
  const manifestFile = path.resolve(import.meta.dirname, '../../../../scripts/parts/manifest.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as {
    readonly envoy: { readonly versions: readonly string[] };
  };
  const cache = env['SIGNET_CACHE'] || path.join(env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'signet');
  const file = path.join(cache, 'tools', `envoy-${manifest.envoy.versions[0]}`, 'envoy');
  if (!existsSync(file)) throw new Error(`${file} is missing: run «npm run demo», which installs it`);
  return file;
}

const base = ['--net', '--mount', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private'];
const withUser = ['--user', '--map-root-user', ...base];

/**
 * Arguments of unshare that make the cluster's namespaces here: without a user namespace where root may (files of other
 * users stay readable), with one otherwise. Throws what to enable where neither is allowed.
 */
export function findNamespaceArgs(searchPath: string): readonly string[] {
  const candidates = process.getuid?.() === 0 ? [base, withUser] : [withUser];
  let reason = '';
  for (const args of candidates) {
    const probe = spawnSync('unshare', [...args, 'ip', 'link', 'add', 'signet0', 'type', 'bridge'], {
      env: { PATH: searchPath },
      encoding: 'utf8',
    });
    if (probe.status === 0) return args;
    reason = probe.stderr.trim();
  }
  throw new Error(`namespaces are not allowed here (${reason}). ${remedy()}`);
}

function remedy(): string {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
    } catch {
      return '';
    }
  };
  if (read('user/max_user_namespaces') === '0') return 'Enable them: sudo sysctl user.max_user_namespaces=15000';
  if (read('kernel/unprivileged_userns_clone') === '0')
    return 'Enable them: sudo sysctl kernel.unprivileged_userns_clone=1';
  if (read('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'Enable them: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  }
  return 'Run it on the machine itself, or in a container with --privileged (or --cap-add SYS_ADMIN --cap-add NET_ADMIN and no seccomp profile).';
}
