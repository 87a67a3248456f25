// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { attachToBridge } from '../cluster/network.ts';
import { networkPlan } from '../network-plan.ts';
import type { StatePaths } from '../state-paths.ts';
import { sandboxScript } from './sandbox-script.ts';

/** Network and mount namespace of one pod, held by a process that does nothing. */
export interface Sandbox {
  /** Arguments of `nsenter` that lead into it. */
  readonly enterArgs: readonly string[];
  /** Directory of the pod below the state directory. */
  readonly directory: string;
  /** Settles when the namespaces are gone. */
  readonly ended: Promise<void>;
  destroy(): Promise<void>;
}

/** What a sandbox is made of. */
export interface SandboxOptions {
  readonly paths: StatePaths;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly ip: string;
  /** Name of the cluster's end of the link; at most 15 bytes. */
  readonly link: string;
  /** Input of nft; undefined where nothing is captured. */
  readonly captureRules: string | undefined;
}

/** Makes the namespaces of a pod. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const directory = path.join(options.paths.pods, options.uid);
  writeEtc(directory, options);
  const holder = spawn('unshare', ['--net', '--mount', '--propagation', 'private', 'sh', '-ec', sandboxScript], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      PATH: process.env['PATH'] ?? '',
      STATE: options.paths.root,
      POD: directory,
      ROOTS: options.paths.publicDir,
      POD_IP: options.ip,
      GATEWAY: networkPlan.gateway,
      LINK: options.link,
      // The number that /proc shows, which may not be that of our PID namespace.
      CLUSTER_NET: `/proc/${readlinkSync('/proc/self')}/ns/net`,
      CAPTURE: options.captureRules === undefined ? '' : 'yes',
    },
  });
  const pid = await readPid(holder, `${options.namespace}/${options.name}`);
  await attachToBridge(options.link);
  const ended = holder.exitCode === null ? once(holder, 'exit').then(() => undefined) : Promise.resolve();
  return {
    directory,
    enterArgs: [`--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`],
    ended,
    async destroy() {
      holder.kill('SIGKILL');
      await ended;
    },
  };
}

async function readPid(holder: ChildProcess, pod: string): Promise<string> {
  let output = '';
  let problem = '';
  holder.stderr?.setEncoding('utf8').on('data', (text: string) => (problem += text));
  return new Promise((resolve, reject) => {
    holder.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('\n')) resolve(output.trim());
    });
    holder.once('close', () => reject(new Error(`the namespaces of ${pod} cannot be made: ${problem.trim()}`)));
    holder.once('error', (error) => reject(error));
  });
}

function writeEtc(directory: string, options: SandboxOptions): void {
  const etc = path.join(directory, 'etc');
  for (const name of ['etc', 'tokens', 'logs']) mkdirSync(path.join(directory, name), { recursive: true });
  const { dnsDomain, gateway } = networkPlan;
  const search = [`${options.namespace}.svc.${dnsDomain}`, `svc.${dnsDomain}`, dnsDomain].join(' ');
  writeFileSync(path.join(etc, 'resolv.conf'), `nameserver ${gateway}\nsearch ${search}\noptions ndots:5\n`);
  writeFileSync(
    path.join(etc, 'hosts'),
    `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${options.ip} ${options.name}\n`,
  );
  // The host may resolve through a daemon that knows nothing of the cluster.
  writeFileSync(path.join(etc, 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  if (options.captureRules !== undefined) writeFileSync(path.join(directory, 'capture.nft'), options.captureRules);
}
