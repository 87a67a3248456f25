// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { findPortBase } from '../find-port-base.ts';
import { execInPod } from '../../src/launcher/exec-client.ts';
import { sampleCallCommand } from '../../src/kubelet/image-catalogue.ts';
import type { CallResult } from '../../src/sample/call-result.ts';
import { statePaths } from '../../src/state-paths.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');

const manifest = (replicas: number, name = 'cart'): string => `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80, targetPort: web }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart } }
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - name: app
          image: signet-sample
          args: [--name=${name}, --http=8080]
          ports: [{ name: web, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /healthz, port: web }, periodSeconds: 1 }
---
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: shop }
spec: { containers: [{ name: app, image: signet-sample, args: [--http=8080] }] }
`;

let root: string;
let running: ChildProcess | undefined;
let said = '';
const file = (): string => path.join(root, 'mesh', 'cart.yaml');
const paths = () => statePaths(path.join(root, 'state'));

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'signet-playground-'));
  mkdirSync(path.join(root, 'mesh'));
});
afterEach(async () => {
  if (running?.exitCode === null && running.signalCode === null) {
    running.kill('SIGINT');
    await once(running, 'exit');
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function start(): Promise<ChildProcess> {
  const portBase = await findPortBase();
  const args = [main, '--mesh', path.join(root, 'mesh'), '--state', paths().root, '--port-base', String(portBase)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SIGNET_CONTEXT: path.join(root, 'context.json') },
  });
  said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  running = child;
  return child;
}

async function until<T>(look: () => T | undefined, what: string): Promise<T> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain for ${what}; it said: ${said}`);
}

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

function pods(): Pod[] {
  return readdirSync(paths().objects)
    .filter((name) => name.startsWith('Pod.'))
    .map((name) => JSON.parse(readFileSync(path.join(paths().objects, name), 'utf8')) as Pod);
}

const areReady = (count: number) => (): Pod[] | undefined => {
  // What a killed launcher left says nothing about the one that is starting.
  if (!existsSync(paths().contextFile)) return undefined;
  const context = JSON.parse(readFileSync(paths().contextFile, 'utf8')) as { pid: number };
  if (context.pid !== running?.pid) return undefined;
  const found = pods();
  const isReady = (pod: Pod): boolean =>
    pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return found.length === count && found.every(isReady) ? found : undefined;
};

async function callFromClient(targets: readonly string[]): Promise<readonly CallResult[]> {
  const command = sampleCallCommand(targets);
  const { stdout } = await execInPod(
    path.join(paths().sockets, 'exec.sock'),
    { namespace: 'shop', pod: 'client', command },
    20_000,
  );
  return JSON.parse(stdout) as CallResult[];
}

function commandLinesOfState(): { readonly pid: number; readonly line: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [{ pid: Number(pid), line: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
      } catch {
        return [];
      }
    })
    .filter(({ line }) => line.includes(paths().root));
}

function processesOfState(): string[] {
  return commandLinesOfState().map(({ line }) => line);
}

function databasePid(): number | undefined {
  return commandLinesOfState().find(({ line }) => /^\S+\/bin\/postgres -D /.test(line))?.pid;
}

describe('a playground without enrolled pods', () => {
  let uids: string[];

  test('runs pods that find each other by name, follows its files, and ends without a trace', async () => {
    writeFileSync(file(), manifest(2));
    const child = await start();
    uids = (await until(areReady(3), 'three pods')).map((pod) => pod.metadata.uid).toSorted();
    const names = ['cart', 'cart.shop', 'cart.shop.svc', 'cart.shop.svc.cluster.local'].map(
      (name) => `http://${name}/`,
    );
    const results = await callFromClient([...names, '--count', '5']);
    expect(results.map((result) => result.outcome)).toEqual(results.map(() => 'ok'));
    expect(new Set(results.map((result) => result.pod)).size).toBe(2);
    const [missing] = await callFromClient(['http://no-such-name/']);
    expect(missing?.outcome).toBe('error');

    writeFileSync(file(), manifest(1, 'renamed'));
    const isRolledOut = (found: Pod[]): boolean =>
      found.every(
        ({ metadata, spec }) => metadata.name === 'client' || spec.containers[0]?.args.includes('--name=renamed'),
      );
    await until(() => {
      const found = areReady(2)();
      return found !== undefined && isRolledOut(found) ? found : undefined;
    }, 'the roll-out');
    const [renamed] = await callFromClient(['http://cart/']);
    expect(renamed?.message).toContain('"name":"renamed"');
    writeFileSync(file(), manifest(2));
    uids = (await until(areReady(3), 'three pods again')).map((pod) => pod.metadata.uid).toSorted();

    child.kill('SIGINT');
    await once(child, 'exit');
    expect(processesOfState()).toEqual([]);
    for (const left of [paths().sockets, paths().lockFile, paths().contextFile, path.join(root, 'context.json')]) {
      expect([left, existsSync(left)]).toEqual([left, false]);
    }
  }, 90_000);

  test('keeps its pods over a restart, and everything ends with a launcher that is killed', async () => {
    const child = await start();
    expect((await until(areReady(3), 'three pods')).map((pod) => pod.metadata.uid).toSorted()).toEqual(uids);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => (processesOfState().length === 0 ? true : undefined), 'the end of everything');
  }, 60_000);

  test('starts a database that is killed again, and ends it with the rest', async () => {
    const child = await start();
    await until(areReady(3), 'three pods');
    const first = await until(databasePid, 'the database');
    process.kill(first, 'SIGKILL');
    await until(() => {
      const pid = databasePid();
      return pid !== undefined && pid !== first && existsSync(path.join(paths().sockets, '.s.PGSQL.5432'))
        ? pid
        : undefined;
    }, 'another database');
    child.kill('SIGINT');
    await once(child, 'exit');
    expect(processesOfState()).toEqual([]);
  }, 60_000);

  test('starts on what a killed one left, and refuses a second one on the same state', async () => {
    const child = await start();
    await until(areReady(3), 'three pods');
    const second = await start();
    running = child;
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(1);
    expect(await callFromClient(['http://cart/'])).toMatchObject([{ outcome: 'ok' }]);
  }, 60_000);
});
