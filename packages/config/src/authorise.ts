// SPDX-License-Identifier: Apache-2.0
import { formatSpiffeId, SignetError } from '@signet/model';
import type { CallContext, MeshConfig } from '@signet/runtime';

/** Who may call a method: `pod` is judged further by the identity of the stream. */
const callers: Readonly<Record<string, 'pod' | 'operator'>> = {
  '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources': 'pod',
  '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources': 'pod',
  '/signet.config.v1.ProxyStatus/ListProxies': 'operator',
  '/signet.config.v1.ProxyStatus/WaitForRevision': 'operator',
  '/signet.config.v1.ProxyStatus/ListPolicyStatus': 'operator',
};

/** SPIFFE ids of configured accounts, given as namespace/name. */
export function accountIds(trustDomain: string, accounts: readonly string[]): readonly string[] {
  return accounts.map((account) => {
    const [namespace = '', serviceAccount = ''] = account.split('/');
    return formatSpiffeId({ trustDomain, namespace, serviceAccount });
  });
}

/** The rule of the listener; a method without a row is refused. */
export function createAuthoriser(
  config: Pick<MeshConfig, 'trustDomain' | 'controlPlane' | 'operators'>,
): (context: CallContext, method: string) => void {
  const accounts = [...config.controlPlane.accounts, ...config.operators.accounts];
  const operators = new Set(accountIds(config.trustDomain, accounts));
  return ({ peer }, method) => {
    if (peer?.spiffeId === undefined)
      throw new SignetError('CREDENTIAL_MISSING', 'a client certificate with a SPIFFE id is required');
    const caller = callers[method];
    if (caller === 'pod' || (caller === 'operator' && operators.has(peer.spiffeId))) return;
    throw new SignetError('CALLER_NOT_ALLOWED', `${peer.spiffeId} may not call ${method}`);
  };
}
