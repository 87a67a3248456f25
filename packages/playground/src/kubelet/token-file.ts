// SPDX-License-Identifier: Apache-2.0
import { writeFileAtomically } from '../atomic-file.ts';

/** Lifetime of projected tokens, the kubelet's default. */
export const tokenLifetimeSeconds = 3600;

/** A token file that is written again long before the token in it expires. */
export interface TokenFile {
  stop(): void;
}

/** Writes the file now and at 80 % of each token's life, as the kubelet does; a failed attempt is repeated after 10 s. */
export async function keepTokenFile(file: string, issue: () => Promise<string> | string): Promise<TokenFile> {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const renew = async (): Promise<void> => {
    let delaySeconds = tokenLifetimeSeconds * 0.8;
    try {
      writeFileAtomically(file, await issue(), 0o600);
    } catch {
      delaySeconds = 10;
    }
    if (!isStopped) timer = setTimeout(() => void renew(), delaySeconds * 1000).unref();
  };
  writeFileAtomically(file, await issue(), 0o600);
  timer = setTimeout(() => void renew(), tokenLifetimeSeconds * 800).unref();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
