// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePort } from './free-port.ts';
import { startRealProcess } from './real-process.ts';
import { envoyBinary } from './tool-paths.ts';
import { waitFor } from './wait-for.ts';

/** What Envoy said about a configuration. */
export interface EnvoyVerdict {
  readonly isValid: boolean;
  /** What it printed at level warning and above; the reason of a refusal stands at its end. */
  readonly output: string;
}

/** A bootstrap: an object, or its text as JSON or YAML. */
export type EnvoyBootstrap = object | string;

function writeBootstrap(directory: string, bootstrap: EnvoyBootstrap): string {
  // A JSON text is also YAML, and Envoy reads `.yaml` with the stricter loader for both.
  const file = path.join(directory, 'bootstrap.yaml');
  writeFileSync(file, typeof bootstrap === 'string' ? bootstrap : JSON.stringify(bootstrap));
  return file;
}

/** Asks a real Envoy (`--mode validate`) whether it would accept the bootstrap, unknown fields refused. */
export async function validateEnvoyConfig(bootstrap: EnvoyBootstrap, version?: string): Promise<EnvoyVerdict> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-envoy-'));
  try {
    const envoy = startRealProcess({
      command: envoyBinary(version),
      args: [
        '--mode',
        'validate',
        '-l',
        'warning',
        '--reject-unknown-dynamic-fields',
        '-c',
        writeBootstrap(directory, bootstrap),
      ],
      cwd: directory,
      stopSignal: 'SIGKILL',
    });
    await envoy.exited;
    return { isValid: envoy.exit()?.code === 0, output: envoy.output() };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Validates many bootstraps, two at a time; the verdicts stand under the same keys. */
export async function validateEnvoyConfigs(
  bootstraps: ReadonlyMap<string, EnvoyBootstrap>,
  version?: string,
): Promise<ReadonlyMap<string, EnvoyVerdict>> {
  const queue = [...bootstraps];
  const verdicts = new Map<string, EnvoyVerdict>();
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      verdicts.set(next[0], await validateEnvoyConfig(next[1], version));
    }
  };
  await Promise.all([worker(), worker()]);
  return verdicts;
}

/** A running Envoy. */
export interface TestEnvoy {
  readonly pid: number;
  readonly adminPort: number;
  /** Body of a path of the admin endpoint, for example `stats?format=json`. */
  admin(path: string, method?: 'GET' | 'POST'): Promise<string>;
  output(): string;
  stop(): Promise<void>;
}

/** Options of startEnvoy. */
export interface EnvoyOptions {
  /** Without `admin`, which is added on a free port. */
  readonly bootstrap: object;
  readonly version?: string;
  readonly args?: readonly string[];
  readonly logLevel?: 'debug' | 'info' | 'warning' | 'error';
}

/** Starts a real Envoy and waits until its admin endpoint answers. */
export async function startEnvoy(options: EnvoyOptions): Promise<TestEnvoy> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-envoy-'));
  const adminPort = await findFreePort();
  const admin = { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } };
  const file = writeBootstrap(directory, { admin, ...options.bootstrap });
  const envoy = startRealProcess({
    command: envoyBinary(options.version),
    args: [
      '-c',
      file,
      '--disable-hot-restart',
      '--concurrency',
      '1',
      '-l',
      options.logLevel ?? 'warning',
      ...(options.args ?? []),
    ],
    cwd: directory,
  });
  const stop = async (): Promise<void> => {
    await envoy.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const ask = async (at: string, method: 'GET' | 'POST' = 'GET'): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/${at}`, { method });
    return response.text();
  };
  try {
    await waitFor(
      () => {
        if (envoy.exit() !== undefined) return true;
        return ask('ready').then(() => true);
      },
      { timeoutMs: 20_000, what: 'the admin endpoint of Envoy' },
    );
    if (envoy.exit() !== undefined) throw new Error(`Envoy ended: ${envoy.output()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: envoy.pid, adminPort, admin: ask, output: envoy.output, stop };
}
