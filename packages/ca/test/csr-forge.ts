// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a CSR made by OpenSSL shall say. */
export interface ForgedCsr {
  /** Arguments of `openssl genpkey`; P-256 by default. */
  readonly key?: readonly string[];
  /** `/CN=…`; empty by default. */
  readonly subject?: string;
  /** Lines of an extension section, for example `subjectAltName = DNS:a`. */
  readonly extensions?: readonly string[];
}

const p256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** Has OpenSSL make a CSR in PEM: an encoder that shares no code with the parser under test. */
export function forgeCsr({ key = p256, subject = '/', extensions = [] }: ForgedCsr): Buffer {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-csr-'));
  const at = (name: string): string => path.join(directory, name);
  try {
    execFileSync('openssl', ['genpkey', ...key, '-out', at('key.pem')], { stdio: 'pipe' });
    const section = extensions.length === 0 ? '' : `req_extensions = ext\n[ext]\n${extensions.join('\n')}\n`;
    writeFileSync(at('req.cnf'), `[req]\nprompt = no\ndistinguished_name = dn\n${section}[dn]\n`);
    execFileSync(
      'openssl',
      ['req', '-new', '-key', at('key.pem'), '-subj', subject, '-config', at('req.cnf'), '-out', at('csr.pem')],
      { stdio: 'pipe' },
    );
    return readFileSync(at('csr.pem'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
