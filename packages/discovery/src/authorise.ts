// SPDX-License-Identifier: Apache-2.0
import { formatSpiffeId, parseSpiffeId, SignetError, type SpiffeId } from '@signet/model';
import type { CallContext, TokenVerifier } from '@signet/runtime';
import type { DiscoveryConfig } from './config.ts';

/** Who calls, as far as authorisation looks at it. */
export type Caller = Pick<CallContext, 'peer' | 'bearerToken'>;

/** Decides whether a caller may use a method. Throws SignetError to refuse. */
export type Authorise = (caller: Caller, method: string) => Promise<void>;

/** SPIFFE ids of configured accounts, given as namespace/name. */
export function idsOfAccounts(accounts: readonly string[], trustDomain: string): readonly SpiffeId[] {
  return accounts.map((account) => {
    const [namespace = '', serviceAccount = ''] = account.split('/');
    return formatSpiffeId({ trustDomain, namespace, serviceAccount });
  });
}

const trafficReportsPrefix = '/signet.discovery.v1.TrafficReports/';

async function accountOfToken(token: string, verifier: Pick<TokenVerifier, 'verify'> | undefined): Promise<string> {
  if (verifier === undefined) {
    throw new SignetError(
      'CALLER_NOT_ALLOWED',
      'tokens are not taken here, as no issuer is configured (`tokens`); use a certificate',
    );
  }
  const verified = await verifier.verify(token);
  if (!verified.ok) throw new SignetError(verified.error.reason, verified.error.message);
  return `${verified.value.namespace}/${verified.value.serviceAccount}`;
}

/**
 * Inventory is for the control plane and for operators, by certificate or (operators) by token. TrafficReports is for every
 * pod of the mesh, by certificate: which pod it is, the handler finds by the certificate's serial.
 */
export function createAuthorise(
  config: DiscoveryConfig,
  verifier: Pick<TokenVerifier, 'verify'> | undefined,
): Authorise {
  const { trustDomain, controlPlane, operators } = config;
  const allowed = new Set<string>([
    ...idsOfAccounts(controlPlane.accounts, trustDomain),
    ...idsOfAccounts(operators.accounts, trustDomain),
  ]);
  return async ({ peer, bearerToken }, method) => {
    if (peer !== undefined) {
      const id = parseSpiffeId(peer.spiffeId ?? '');
      if (!id.ok || id.value.trustDomain !== trustDomain) {
        throw new SignetError('CERTIFICATE_REJECTED', 'the certificate names no identity of this mesh');
      }
      if (method.startsWith(trafficReportsPrefix) || allowed.has(id.value.id)) return;
      throw new SignetError('CALLER_NOT_ALLOWED', `${id.value.id} is neither control plane nor operator`);
    }
    if (bearerToken === undefined) {
      throw new SignetError('CREDENTIAL_MISSING', 'a client certificate or an operator’s token is needed');
    }
    const account = await accountOfToken(bearerToken, verifier);
    if (method.startsWith(trafficReportsPrefix) || !operators.accounts.includes(account)) {
      throw new SignetError('CALLER_NOT_ALLOWED', `${account} is no operator`);
    }
  };
}
