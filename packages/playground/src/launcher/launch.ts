// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import path from 'node:path';
import { controlPlanePorts } from '@signet/model';
import { writeFileAtomically } from '../atomic-file.ts';
import type { ClusterConfig } from '../cluster/cluster-config.ts';
import { apiSocket, readApiAddress } from '../kubernetes/api-address.ts';
import type { PlaygroundOptions } from '../options.ts';
import { startForward } from '../socket-forward.ts';
import { statePaths, type StatePaths } from '../state-paths.ts';
import { startClusterProcess, type ClusterProcess } from './cluster-process.ts';
import { createContext, publishContext, type Context } from './context-file.ts';
import { endOrphans } from './orphans.ts';
import { checkPrograms, findEnvoy, findNamespaceArgs, fullSearchPath } from './requirements.ts';
import { takeStateLock } from './state-lock.ts';

/** A playground that is up: namespaces, control plane, pods starting. */
export interface Playground {
  readonly context: Context;
  readonly paths: StatePaths;
  /** Settles when the cluster has ended by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Where the launcher says what it is doing. */
export interface LaunchReporter {
  progress(text: string): void;
  problem(text: string): void;
}

/** Starts everything; what was started is ended again when something goes wrong or the signal comes. */
export async function launchPlayground(
  options: PlaygroundOptions,
  reporter: LaunchReporter,
  signal: AbortSignal,
): Promise<Playground> {
  const searchPath = fullSearchPath(process.env);
  checkPrograms(searchPath);
  const envoyBinary = findEnvoy(process.env);
  const namespaceArgs = findNamespaceArgs(searchPath);
  const paths = statePaths(options.stateDirectory);
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  const lock = takeStateLock(paths.lockFile);
  const undo: (() => Promise<void> | void)[] = [() => lock.release()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    await endOrphans(paths.clusterConfigFile);
    prepareDirectories(paths);
    undo.push(() => rmSync(paths.sockets, { recursive: true, force: true }));
    if (options.kubeconfig !== undefined) {
      const api = await startForward({ path: apiSocket(paths) }, readApiAddress(options.kubeconfig));
      undo.push(() => void api.close());
    }
    reporter.progress('making the cluster’s namespaces');
    const cluster = await startCluster({ options, paths, namespaceArgs, envoyBinary, searchPath, reporter, signal });
    undo.push(() => cluster.stop());
    const servers = await forwardPorts(paths, options.portBase);
    undo.push(() => servers.forEach((server) => server.close()));
    const context = createContext(paths, options.portBase);
    undo.push(publishContext(context, paths, process.env));
    return { context, paths, ended: cluster.ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function prepareDirectories(paths: StatePaths): void {
  rmSync(paths.sockets, { recursive: true, force: true });
  rmSync(paths.logs, { recursive: true, force: true });
  mkdirSync(paths.sockets, { mode: 0o700 });
  mkdirSync(paths.logs);
}

async function startCluster(start: {
  readonly options: PlaygroundOptions;
  readonly paths: StatePaths;
  readonly namespaceArgs: readonly string[];
  readonly envoyBinary: string;
  readonly searchPath: string;
  readonly reporter: LaunchReporter;
  readonly signal: AbortSignal;
}): Promise<ClusterProcess> {
  const { options, paths, reporter } = start;
  const config: ClusterConfig = {
    stateDirectory: options.stateDirectory,
    meshDirectory: options.meshDirectory,
    envoyBinary: start.envoyBinary,
    attestation: options.attestation,
    isSplit: options.isSplit,
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
  };
  writeFileAtomically(paths.clusterConfigFile, `${JSON.stringify(config, undefined, 2)}\n`);
  const logFile = path.join(paths.logs, 'cluster.log');
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const cluster = startClusterProcess({
    namespaceArgs: start.namespaceArgs,
    configFile: paths.clusterConfigFile,
    logFile,
    env: { ...process.env, PATH: start.searchPath },
    onMessage: (message) => {
      if (message.type === 'progress') reporter.progress(message.text);
      else if (message.type === 'problem') reporter.problem(message.text);
      else if (message.type === 'ready') resolve();
      else reject(new Error(message.text));
    },
  });
  start.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  void cluster.ended.then(() => reject(new Error(`the cluster ended at its start; see ${logFile}`)));
  try {
    await ready;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

async function forwardPorts(paths: StatePaths, portBase: number): Promise<Server[]> {
  const servers: Server[] = [];
  for (const port of Object.values(controlPlanePorts)) {
    const from = { host: '127.0.0.1', port: portBase + (port - 15_000) };
    try {
      servers.push(await startForward(from, { path: path.join(paths.sockets, `${port}.sock`) }));
    } catch (error) {
      servers.forEach((server) => server.close());
      throw new Error(`port ${from.port} cannot be opened on 127.0.0.1; choose another --port-base`, { cause: error });
    }
  }
  return servers;
}
