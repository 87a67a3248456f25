// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { goClientBinary, waitFor } from '@signet/testing';
import { runCommand } from './command.ts';

/** One line that the Go client prints. */
export interface GoEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** How a run of the Go client ended: 0, or 3 when the server answered with an error, which the last event then shows. */
export interface GoResult {
  readonly code: number | null;
  readonly events: readonly GoEvent[];
  readonly stderr: string;
}

/** Where to connect and as whom. */
export interface GoConnection {
  readonly address: string;
  readonly rootsFile: string;
  readonly serverIds: readonly string[];
  readonly tokenFile?: string;
  /** Directory with cert.pem and key.pem. */
  readonly certificateDir?: string;
}

function flagsOf(to: GoConnection): string[] {
  return [
    ...['-address', to.address, '-roots', to.rootsFile, '-server-id', to.serverIds.join(',')],
    ...(to.tokenFile === undefined ? [] : ['-token-file', to.tokenFile]),
    ...(to.certificateDir === undefined
      ? []
      : ['-cert', `${to.certificateDir}/cert.pem`, '-key', `${to.certificateDir}/key.pem`]),
  ];
}

const parse = (line: string): GoEvent => JSON.parse(line) as GoEvent;

/** Runs the Go client to its end. */
export async function runGoClient(command: string, to: GoConnection, args: readonly string[] = []): Promise<GoResult> {
  const result = await runCommand(goClientBinary(), [command, ...flagsOf(to), ...args], { timeoutMs: 60_000 });
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  return { code: result.code, events: lines.map(parse), stderr: result.stderr };
}

/** A run of the Go client that goes on. */
export interface GoStream {
  readonly events: readonly GoEvent[];
  /** Waits for an event, from the start of the run or from a position on, and returns it. */
  expectEvent(matches: (event: GoEvent) => boolean, from?: number): Promise<GoEvent>;
  stop(): Promise<void>;
}

/** Starts the Go client on a stream. */
export function startGoClient(command: string, to: GoConnection, args: readonly string[] = []): GoStream {
  const child = spawn(goClientBinary(), [command, ...flagsOf(to), '-for', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: GoEvent[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => events.push(parse(line)));
  return {
    events,
    expectEvent: (matches, from = 0) =>
      waitFor(() => events.slice(from).find(matches), {
        timeoutMs: 20_000,
        what: `an event of ${command}; there were ${JSON.stringify(events.slice(from)).slice(0, 2000)}`,
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

interface Resource {
  readonly name: string;
  readonly sha256: string;
}

/** Names of the resources in a response on an ADS stream. */
export function resourceNames({ resources }: GoEvent): readonly string[] {
  return ((resources ?? []) as Resource[]).map(({ name }) => name);
}

/** The newest form of every resource that an ADS stream brought, by its type's last part and its name. */
export function resourcesOf(events: readonly GoEvent[]): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const { typeUrl, resources } of events) {
    const type = String(typeUrl).split('.').at(-1);
    for (const { name, sha256 } of (resources ?? []) as Resource[]) newest.set(`${type} ${name}`, sha256);
  }
  return newest;
}
