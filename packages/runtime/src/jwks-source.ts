// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import type { JSONWebKeySet } from 'jose';
import type { Clock } from './clock.ts';

/** Where the public keys of an issuer are. */
export type JwksLocation =
  { readonly file: string } | { readonly url: string; readonly caFile?: string; readonly tokenFile?: string };

/** The keys cannot be had, so nothing can be said about a token. */
export class JwksUnavailable extends Error {
  constructor(cause: unknown) {
    super(`the issuer’s keys cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'JwksUnavailable';
  }
}

export interface JwksSource {
  /** `refresh` asks for keys newer than those known, at most once a second. Throws JwksUnavailable. */
  read(refresh: boolean): Promise<JSONWebKeySet>;
}

const urlCacheMs = 300_000;
const refreshMinMs = 1000;
const bytesMax = 1024 * 1024;

function parseKeys(text: string): JSONWebKeySet {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) {
    throw new Error('not a JWKS');
  }
  return value as JSONWebKeySet;
}

function createFileSource(file: string): JwksSource {
  let known: { readonly stamp: string; readonly keys: JSONWebKeySet } | undefined;
  return {
    async read() {
      const { mtimeMs, size, ino } = await stat(file);
      const stamp = `${mtimeMs}/${size}/${ino}`;
      if (known?.stamp !== stamp) known = { stamp, keys: parseKeys(await readFile(file, 'utf8')) };
      return known.keys;
    },
  };
}

async function fetchText(location: {
  readonly url: string;
  readonly caFile?: string;
  readonly tokenFile?: string;
}): Promise<string> {
  const ca = location.caFile === undefined ? undefined : await readFile(location.caFile);
  const token = location.tokenFile === undefined ? undefined : (await readFile(location.tokenFile, 'utf8')).trim();
  return await new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const call = request(location.url, { ...(ca === undefined ? {} : { ca }), headers, timeout: 5000 }, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new Error(`status ${response.statusCode ?? 0}`));
        return;
      }
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > bytesMax) response.destroy(new Error('JWKS larger than 1 MiB'));
        parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.on('error', reject);
    call.end();
  });
}

function createUrlSource(
  location: { readonly url: string; readonly caFile?: string; readonly tokenFile?: string },
  clock: Clock,
): JwksSource {
  let known: { readonly atMs: number; readonly keys: JSONWebKeySet } | undefined;
  let pending: Promise<JSONWebKeySet> | undefined;
  const load = async (): Promise<JSONWebKeySet> => {
    const keys = parseKeys(await fetchText(location));
    known = { atMs: clock.now().getTime(), keys };
    return keys;
  };
  return {
    async read(refresh) {
      const ageMs = known === undefined ? Infinity : clock.now().getTime() - known.atMs;
      if (known !== undefined && ageMs < (refresh ? refreshMinMs : urlCacheMs)) return known.keys;
      // All who wait share one request.
      pending ??= load().finally(() => {
        pending = undefined;
      });
      return await pending;
    },
  };
}

/** Creates a source of keys: a file is read again whenever it changed, a URL at most every five minutes or for an unknown key. */
export function createJwksSource(location: JwksLocation, clock: Clock): JwksSource {
  const source = 'file' in location ? createFileSource(location.file) : createUrlSource(location, clock);
  return {
    async read(refresh) {
      try {
        return await source.read(refresh);
      } catch (error) {
        throw new JwksUnavailable(error);
      }
    },
  };
}
