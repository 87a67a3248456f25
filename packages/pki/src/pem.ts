// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

const begin = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$/;
const base64Line = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads all blocks of a PEM text. Text between blocks is ignored; inside a block only base64 is accepted, in its
 * canonical form, so that one text has one reading.
 */
export function parsePem(text: string): Result<readonly PemBlock[]> {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let body = '';
  for (const rawLine of text.split('\n')) {
    const line = rawLine.trim();
    if (label === undefined) {
      label = begin.exec(line)?.[1];
      body = '';
    } else if (line === `-----END ${label}-----`) {
      const der = Buffer.from(body, 'base64');
      if (der.toString('base64') !== body) return failure(`the base64 of ${label} is not canonical`);
      blocks.push({ label, der });
      label = undefined;
    } else if (line !== '') {
      if (!base64Line.test(line) || body.endsWith('=')) return failure(`a line of ${label} is not base64`);
      body += line;
    }
  }
  return label === undefined ? success(blocks) : failure(`${label} has no end`);
}

/** Writes one block, with a newline at its end. */
export function formatPem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += 64) lines.push(base64.slice(at, at + 64));
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
