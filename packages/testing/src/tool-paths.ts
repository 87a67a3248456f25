// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import path from 'node:path';
import { manifest, toolsDirectory } from '../../../scripts/bootstrap/cache.mjs';
import { clientProgram } from '../../../scripts/parts/client-program.ts';

const installer = 'node scripts/bootstrap.mjs parts test';

function existing(file: string, remedy: string): string {
  if (!existsSync(file)) throw new Error(`${file} is missing: run «${remedy}»`);
  return file;
}

/** Versions of Envoy that are supported, newest (N) first. */
export function envoyVersions(): readonly string[] {
  return manifest.envoy.versions;
}

/** The Envoy program of that version, N by default; `SIGNET_ENVOY` replaces N. */
export function envoyBinary(version?: string): string {
  const newest = envoyVersions()[0];
  const chosen = version ?? newest;
  const own = process.env['SIGNET_ENVOY'];
  if (chosen === newest && own !== undefined && own !== '') return existing(own, 'unset SIGNET_ENVOY');
  return existing(path.join(toolsDirectory(), `envoy-${chosen}`, 'envoy'), installer);
}

/** A program of the Kubernetes control plane; `KUBEBUILDER_ASSETS` is looked at first. */
export function kubernetesBinary(name: string): string {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && existsSync(path.join(assets, name))) return path.join(assets, name);
  const directory =
    name === 'etcd' ? `etcd-${manifest.etcd.version}` : path.join(`kubernetes-${manifest.kubernetes.version}`, 'bin');
  return existing(path.join(toolsDirectory(), directory, name), installer);
}

/** The Go client of scripts/go/client: a witness that knows Signet from `protos/` alone. */
export function goClientBinary(): string {
  return existing(clientProgram(), installer);
}
