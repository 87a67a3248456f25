// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@signet/runtime';
import type { SecretStore } from './secret-store.ts';

const namesMax = 16;

/** The asked names that are served here, with work on them begun; the others are logged. */
export function requestableNames(store: SecretStore, names: readonly string[], logger: Logger): readonly string[] {
  const known = [...new Set(names)].slice(0, namesMax).filter((name) => {
    if (store.isKnown(name)) return true;
    logger.warn({ name: name.slice(0, 100) }, 'a secret was asked for that this agent does not serve');
    return false;
  });
  for (const name of known) store.demand(name);
  return known;
}
