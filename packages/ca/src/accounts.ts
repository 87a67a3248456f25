// SPDX-License-Identifier: Apache-2.0
import { formatSpiffeId, parseSpiffeId, type SpiffeId } from '@signet/model';
import type { CaConfig } from './config.ts';

/** What an account is to the mesh. */
export type AccountRole = 'control-plane' | 'operator' | 'workload';

/** Which accounts are more than workloads; configured, never derived. */
export interface Accounts {
  readonly trustDomain: string;
  roleOf(namespace: string, serviceAccount: string): AccountRole;
  /** Undefined for an identity of another trust domain, or none. */
  roleOfId(spiffeId: string | undefined): AccountRole | undefined;
  idOf(namespace: string, serviceAccount: string): SpiffeId;
}

/** Reads the roles from the configuration. */
export function createAccounts(config: Pick<CaConfig, 'trustDomain' | 'controlPlane' | 'operators'>): Accounts {
  const { trustDomain } = config;
  const controlPlane = new Set(config.controlPlane.accounts);
  const operators = new Set(config.operators.accounts);
  const roleOf = (namespace: string, serviceAccount: string): AccountRole => {
    const account = `${namespace}/${serviceAccount}`;
    if (controlPlane.has(account)) return 'control-plane';
    return operators.has(account) ? 'operator' : 'workload';
  };
  return {
    trustDomain,
    roleOf,
    roleOfId(spiffeId) {
      const id = parseSpiffeId(spiffeId ?? '');
      if (!id.ok || id.value.trustDomain !== trustDomain) return undefined;
      return roleOf(id.value.namespace, id.value.serviceAccount);
    },
    idOf: (namespace, serviceAccount) => formatSpiffeId({ trustDomain, namespace, serviceAccount }),
  };
}
