// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Operations per second of processor time, as `openssl speed` sees them. */
export interface OpensslSpeed {
  readonly version: string;
  readonly signPerSecond: number;
  readonly verifyPerSecond: number;
  /** One verification and one signature. */
  readonly pairPerSecond: number;
}

/** Runs `openssl speed ecdsap256` for about two seconds. */
export async function measureOpenssl(): Promise<OpensslSpeed> {
  const [{ stdout: version }, { stdout }] = [
    await run('openssl', ['version']),
    await run('openssl', ['speed', '-mr', '-seconds', '1', 'ecdsap256']),
  ];
  // +F4:<index>:<bits>:<signatures per second>:<verifications per second>
  const [, sign, verify] = /^\+F4:\d+:256:([\d.]+):([\d.]+)/m.exec(stdout) ?? [];
  const signPerSecond = Number(sign);
  const verifyPerSecond = Number(verify);
  if (!(signPerSecond > 0) || !(verifyPerSecond > 0)) throw new Error('openssl speed printed no rates for ecdsap256');
  return {
    version: version.trim(),
    signPerSecond,
    verifyPerSecond,
    pairPerSecond: 1 / (1 / signPerSecond + 1 / verifyPerSecond),
  };
}
