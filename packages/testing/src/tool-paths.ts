// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const manifestFile = path.resolve(import.meta.dirname, '../../../scripts/parts/manifest.json');

interface Manifest {
  readonly envoy: { readonly versions: readonly string[] };
  readonly kubernetes: { readonly version: string };
  readonly etcd: { readonly version: string };
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
}

/** Where the installer keeps the real parts: `<cache>/signet/tools`. */
export function toolsDirectory(): string {
  const cache =
    process.env['SIGNET_CACHE'] ?? path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'signet');
  return path.join(cache, 'tools');
}

function existing(file: string, remedy: string): string {
  if (!existsSync(file)) throw new Error(`${file} is missing: run «${remedy}»`);
  return file;
}

/** Versions of Envoy that are supported, newest (N) first. */
export function envoyVersions(): readonly string[] {
  return manifest().envoy.versions;
}

/** The Envoy program of that version, N by default; `SIGNET_ENVOY` replaces N. */
export function envoyBinary(version?: string): string {
  const newest = envoyVersions()[0];
  const chosen = version ?? newest;
  const own = process.env['SIGNET_ENVOY'];
  if (chosen === newest && own !== undefined && own !== '') return existing(own, 'unset SIGNET_ENVOY');
  return existing(path.join(toolsDirectory(), `envoy-${chosen}`, 'envoy'), 'node scripts/bootstrap.mjs parts test');
}

/** A program of the Kubernetes control plane; `KUBEBUILDER_ASSETS` is looked at first. */
export function kubernetesBinary(name: string): string {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && existsSync(path.join(assets, name))) return path.join(assets, name);
  const directory =
    name === 'etcd'
      ? `etcd-${manifest().etcd.version}`
      : path.join(`kubernetes-${manifest().kubernetes.version}`, 'bin');
  return existing(path.join(toolsDirectory(), directory, name), 'node scripts/bootstrap.mjs parts test');
}
