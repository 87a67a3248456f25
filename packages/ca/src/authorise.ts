// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { LedgerEntry } from '@signet/pki';
import type { CallContext } from '@signet/runtime';
import type { Accounts, AccountRole } from './accounts.ts';
import type { TokenJudge } from './attestation/token-judge.ts';

/** Who may call an RPC. */
type Access =
  /** The handler attests the caller, and records its refusal. */
  | 'attested-by-handler'
  /** Roots are public. */
  | 'everybody'
  | 'control-plane-and-operators';

const accessOf: Readonly<Record<string, Access>> = {
  '/signet.ca.v1.CertificateAuthority/IssueCertificate': 'attested-by-handler',
  '/signet.ca.v1.CertificateAuthority/GetTrustBundle': 'everybody',
  '/signet.ca.v1.CertificateAuthority/WatchTrustBundle': 'everybody',
  '/signet.ca.v1.IssuanceLedger/GetIssuance': 'control-plane-and-operators',
  '/signet.ca.v1.IssuanceLedger/ListIssuances': 'control-plane-and-operators',
  '/signet.ca.v1.IssuanceLedger/ListRefusals': 'control-plane-and-operators',
  '/signet.ca.v1.IssuanceLedger/WatchIssuances': 'control-plane-and-operators',
  '/istio.v1.auth.IstioCertificateService/CreateCertificate': 'attested-by-handler',
};

/** Paths that have a row; a test compares them with the services. */
export const authorisedMethods: readonly string[] = Object.keys(accessOf);

/** Creates the check that runs before each RPC. Throws SignetError to refuse; a method without a row is refused. */
export function createAuthorise(deps: {
  readonly accounts: Accounts;
  readonly tokens: TokenJudge;
  readonly findIssuance: (serial: string) => Promise<LedgerEntry | undefined>;
}): (context: CallContext, method: string) => Promise<void> {
  async function roleOfCaller({ peer, bearerToken, signal }: CallContext): Promise<AccountRole | undefined> {
    if (peer !== undefined) {
      const entry = await deps.findIssuance(peer.serial);
      if (entry === undefined || !entry.certificate.equals(peer.raw)) {
        throw new SignetError('CERTIFICATE_REJECTED', `certificate ${peer.serial} is not in the ledger`);
      }
      return deps.accounts.roleOfId(peer.spiffeId);
    }
    if (bearerToken === undefined)
      throw new SignetError('CREDENTIAL_MISSING', 'a token or a client certificate is needed');
    const token = await deps.tokens.judge(bearerToken, signal);
    return deps.accounts.roleOf(token.namespace, token.serviceAccount);
  }

  return async (context, method) => {
    const access = accessOf[method];
    if (access === 'everybody' || access === 'attested-by-handler') return;
    const role = await roleOfCaller(context);
    if (access === undefined || role === undefined || role === 'workload') {
      throw new SignetError('CALLER_NOT_ALLOWED', 'this is for the control plane and operators');
    }
  };
}
