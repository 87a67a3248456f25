// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { createInterface } from 'node:readline';
import type { ClusterMessage } from '../cluster/launcher-channel.ts';

const program = path.resolve(import.meta.dirname, '../cluster/cluster-main.ts');
// The shell is process 1 of the PID namespace: it reaps what is orphaned, and when it ends everything in there ends.
// A /proc of the namespace's own is a convenience; where mounting it is not allowed, the machine's is used.
const init = 'mount -t proc proc /proc 2>/dev/null; "$@" 3<&3 & wait $!';
const stopTimeoutMs = 20_000;

/** What starts the cluster. */
export interface ClusterProcessOptions {
  /** Arguments of unshare. */
  readonly namespaceArgs: readonly string[];
  readonly configFile: string;
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onMessage: (message: ClusterMessage) => void;
}

/** The cluster's process as the launcher sees it. */
export interface ClusterProcess {
  /** Settles when everything in the namespaces has ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts the cluster in namespaces of its own. It ends when the launcher does, however that happens. */
export function startClusterProcess(options: ClusterProcessOptions): ClusterProcess {
  const log = openSync(options.logFile, 'a');
  const child = spawn(
    'unshare',
    [...options.namespaceArgs, 'sh', '-c', init, 'sh', process.execPath, program, options.configFile],
    {
      stdio: ['ignore', log, log, 'pipe'],
      // A session of its own: Ctrl-C at the terminal is the launcher's business.
      detached: true,
      env: options.env,
    },
  );
  closeSync(log);
  const line = child.stdio[3] as Duplex;
  line.on('error', () => undefined);
  createInterface({ input: line })
    .on('line', (text) => options.onMessage(JSON.parse(text) as ClusterMessage))
    // The cluster ended without reading what it was told; `ended` says so.
    .on('error', () => undefined);
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).then(() => undefined);
  return {
    ended,
    async stop() {
      line.write('stop\n');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
