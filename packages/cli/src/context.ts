// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { failure, success, type Result } from '@signet/model';

/** Where a mesh's APIs are and how to be let in. */
export interface CliContext {
  /** host:port of discovery's gRPC listener. */
  readonly discoveryGrpc: string;
  /** host:port of config's mTLS listener. */
  readonly configGrpc: string;
  /** host:port of the CA's token listener. */
  readonly caToken: string;
  /** PEM roots. */
  readonly rootsFile: string;
  /** Service account token of an operator, audience signet.dev. */
  readonly tokenFile: string;
  /** SPIFFE ids of the control plane. */
  readonly controlPlaneIds: readonly string[];
  /** How to run a command in a pod; only a playground has one. */
  readonly execSocket: string | undefined;
}

/** What flags may replace. */
export interface ContextOverrides {
  readonly context?: string;
  readonly discovery?: string;
  readonly configAddress?: string;
  readonly ca?: string;
  readonly roots?: string;
  readonly tokenFile?: string;
}

/** The file that a running playground writes. */
export function defaultContextFile(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] ?? path.join(env['HOME'] ?? homedir(), '.local', 'state');
  return path.join(state, 'signet', 'context.json');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readContextFile(file: string): Result<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return failure(
      `no mesh found: ${file} cannot be read; start one with «npm run demo», or name a file with --context or SIGNET_CONTEXT`,
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? success(value) : failure(`${file}: expected an object`);
  } catch (error) {
    return failure(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Finds the mesh: flags, then the file named by --context or SIGNET_CONTEXT, then the running playground's. */
export function loadContext(overrides: ContextOverrides, env: NodeJS.ProcessEnv): Result<CliContext> {
  const named = overrides.context ?? env['SIGNET_CONTEXT'];
  const file = named ?? defaultContextFile(env);
  const read = readContextFile(file);
  const isComplete = [
    overrides.discovery,
    overrides.configAddress,
    overrides.ca,
    overrides.roots,
    overrides.tokenFile,
  ].every((value) => value !== undefined);
  if (!read.ok && (named !== undefined || !isComplete)) return read;
  const value = read.ok ? read.value : {};
  const missing: string[] = [];
  const text = (key: string, override: string | undefined): string => {
    const found = override ?? value[key];
    if (typeof found === 'string' && found !== '') return found;
    missing.push(key);
    return '';
  };
  const ids = value['controlPlaneIds'];
  const exec = value['execCommand'];
  const context: CliContext = {
    discoveryGrpc: text('discoveryGrpc', overrides.discovery),
    configGrpc: text('configGrpc', overrides.configAddress),
    caToken: text('caToken', overrides.ca),
    rootsFile: text('rootsFile', overrides.roots),
    tokenFile: text('tokenFile', overrides.tokenFile),
    controlPlaneIds: Array.isArray(ids)
      ? ids.filter((id) => typeof id === 'string')
      : ['spiffe://cluster.local/ns/signet-system/sa/signetd'],
    execSocket: isRecord(exec) && typeof exec['socket'] === 'string' ? exec['socket'] : undefined,
  };
  return missing.length === 0 ? success(context) : failure(`${file}: ${missing.join(', ')} missing`);
}
