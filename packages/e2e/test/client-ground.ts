// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from '@jest/globals';
import { runGoClient, type GoConnection, type GoEvent, type GoResult } from '../src/go-client.ts';
import { readContext, startPlayground, type Playground } from '../src/playground.ts';
import { podTokenFile } from '../src/pod-credentials.ts';
import { listWorkloads, type WorkloadRow } from '../src/pods.ts';
import type { GrpcJsConnection } from './grpc-js-client.ts';

type Listener = 'caToken' | 'caMtls' | 'config' | 'discovery';

/** Credentials: the token of `own`, that of an operator, or a certificate that was issued under this name. */
export type Credential = 'pod token' | 'operator token' | { readonly certificate: string } | undefined;

/** A mesh, and clients that stand for one of its pods. */
export interface ClientGround {
  readonly mesh: Playground;
  /** The pod that the clients stand for, another one with the same account, one with another account. */
  readonly own: WorkloadRow;
  readonly twin: WorkloadRow;
  readonly foreign: WorkloadRow;
  goTo(listener: Listener, as?: Credential): GoConnection;
  jsTo(listener: Listener, as?: Credential): GrpcJsConnection;
  /** Gets a certificate with the Go client, keeps it under a name and returns what the client says of it. */
  issue(
    name: string,
    by: { readonly command: string; readonly to: GoConnection },
    args?: readonly string[],
  ): Promise<GoEvent>;
  stop(): Promise<void>;
}

function credentialFiles(
  ground: { readonly mesh: Playground; readonly own: WorkloadRow; readonly directory: string },
  as: Credential,
): Pick<GoConnection, 'tokenFile' | 'certificateDir'> {
  if (as === undefined) return {};
  if (as === 'pod token') return { tokenFile: podTokenFile(ground.mesh, ground.own) };
  if (as === 'operator token') return { tokenFile: readContext(ground.mesh).tokenFile };
  return { certificateDir: path.join(ground.directory, as.certificate) };
}

function toGrpcJs({ address, rootsFile, serverIds, tokenFile, certificateDir }: GoConnection): GrpcJsConnection {
  const read = (name: string): string => readFileSync(path.join(certificateDir ?? '', name), 'utf8');
  return {
    ...{ address, rootsPem: readFileSync(rootsFile, 'utf8'), serverIds },
    ...(tokenFile === undefined ? {} : { token: readFileSync(tokenFile, 'utf8').trim() }),
    ...(certificateDir === undefined ? {} : { certificate: { keyPem: read('key.pem'), chainPem: read('cert.pem') } }),
  };
}

/** Starts a mesh and picks the pods. */
export async function createClientGround(): Promise<ClientGround> {
  const mesh = await startPlayground();
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-clients-'));
  const pods = (await listWorkloads(mesh)).filter((pod) => pod.namespace === 'shop');
  const [own, twin] = pods.filter((pod) => pod.workloadName === 'frontend');
  const foreign = pods.find((pod) => pod.workloadName === 'catalog');
  if (own === undefined || twin === undefined || foreign === undefined) throw new Error('pods are missing');

  const { caToken, configGrpc, discoveryGrpc, rootsFile, controlPlaneIds } = readContext(mesh);
  const caMtls = `127.0.0.1:${mesh.portBase + 11}`;
  const addresses = { caToken, caMtls, config: configGrpc, discovery: discoveryGrpc };
  const goTo = (listener: Listener, as?: Credential): GoConnection => ({
    ...{ address: addresses[listener], rootsFile, serverIds: controlPlaneIds },
    ...credentialFiles({ mesh, own, directory }, as),
  });
  return {
    ...{ mesh, own, twin, foreign, goTo },
    jsTo: (listener, as) => toGrpcJs(goTo(listener, as)),
    async issue(name, { command, to }, args = []) {
      const out = path.join(directory, name);
      mkdirSync(out);
      const result = await runGoClient(command, to, ['-out', out, ...args]);
      const [event] = result.events;
      if (result.code === 0 && event !== undefined) return event;
      throw new Error(`${command}: ${result.stderr} ${JSON.stringify(result.events)}`);
    },
    async stop() {
      rmSync(directory, { recursive: true, force: true });
      await mesh.stop();
    },
  };
}

/** The server refused with this reason, and not one message came before. */
export function expectNothing(result: GoResult, code: string, reason: string): void {
  expect(result).toMatchObject({ code: 3, events: [{ event: 'error', code, reason }] });
}
