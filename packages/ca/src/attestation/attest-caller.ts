// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { SignetError, type AttestedIdentity } from '@signet/model';
import type { LedgerEntry } from '@signet/pki';
import type { CallContext, Clock, PeerCertificate } from '@signet/runtime';
import type { Accounts } from '../accounts.ts';
import type { LivePods } from '../inventory/live-pods.ts';
import type { AttestedCaller } from './attested-caller.ts';
import type { ClaimedPod, PodChecker } from './check-pod.ts';
import type { JudgedToken, TokenJudge } from './token-judge.ts';

/** Finds out who calls. Throws SignetError; what was proved by then is in `onProof`. */
export interface Attestor {
  attest(context: CallContext, onProof: (proved: ProvedSoFar) => void): Promise<AttestedCaller>;
}

/** Identity as far as a credential proved it, for the record of a refusal. */
export interface ProvedSoFar {
  readonly spiffeId: string;
  readonly podUid: string;
}

/** What createAttestor needs. */
export interface AttestorDeps {
  readonly accounts: Accounts;
  readonly tokens: TokenJudge;
  readonly pods: PodChecker;
  /** Undefined without a source. */
  readonly livePods: LivePods | undefined;
  readonly isKubernetes: boolean;
  readonly findIssuance: (serial: string) => Promise<LedgerEntry | undefined>;
  readonly clock: Clock;
}

/** Creates the attestor: a client certificate is the credential where there is one, else the bearer token. */
export function createAttestor(deps: AttestorDeps): Attestor {
  return {
    attest(context, onProof) {
      if (context.peer !== undefined) return attestPeer(deps, { peer: context.peer, signal: context.signal, onProof });
      if (context.bearerToken !== undefined) {
        return attestToken(deps, { token: context.bearerToken, signal: context.signal, onProof });
      }
      return Promise.reject(
        new SignetError('CREDENTIAL_MISSING', 'send a service account token, or renew with the current certificate'),
      );
    },
  };
}

interface TokenCall {
  readonly token: string;
  readonly signal: AbortSignal;
  readonly onProof: (proved: ProvedSoFar) => void;
}

async function attestToken(deps: AttestorDeps, { token, signal, onProof }: TokenCall): Promise<AttestedCaller> {
  const judged = await deps.tokens.judge(token, signal);
  const { namespace, serviceAccount, podUid, podName, method } = judged;
  const spiffeId = deps.accounts.idOf(namespace, serviceAccount);
  onProof({ spiffeId, podUid });
  const role = deps.accounts.roleOf(namespace, serviceAccount);
  const claim = claimOf(judged);
  if (role === 'workload' && (podUid === '' || podName === '')) {
    throw new SignetError('TOKEN_NOT_BOUND', 'the token is not bound to a pod; use a projected token');
  }
  const node =
    role === 'workload' ? (await deps.pods.check(claim, signal)).node : await checkPrivileged(deps, claim, signal);
  const identity: AttestedIdentity = { spiffeId, namespace, serviceAccount, podUid, podName, nodeName: node, method };
  return { identity, role, credentialId: `token ${judged.credentialId === '' ? sha256(token) : judged.credentialId}` };
}

function claimOf(token: JudgedToken): ClaimedPod {
  const { namespace, podName: name, podUid: uid, serviceAccount, nodeName: node, issuedAt } = token;
  return { namespace, name, uid, serviceAccount, node, issuedAt };
}

/**
 * Control plane and operators are never judged by the inventory, which depends on them. Where the API server can be asked
 * and the credential is bound to a pod, that pod must live.
 */
async function checkPrivileged(deps: AttestorDeps, claim: ClaimedPod, signal: AbortSignal): Promise<string> {
  if (!deps.isKubernetes || deps.livePods === undefined || claim.uid === '') return claim.node;
  const pod = await deps.livePods.read(claim, signal);
  if (pod === undefined) throw new SignetError('POD_UNKNOWN', `pod ${claim.namespace}/${claim.name} does not exist`);
  if (pod.isTerminating || pod.hasEnded)
    throw new SignetError('POD_TERMINATING', `pod ${claim.namespace}/${claim.name} is at its end`);
  if (pod.serviceAccount !== claim.serviceAccount) {
    throw new SignetError(
      'POD_ACCOUNT_MISMATCH',
      `pod ${claim.namespace}/${claim.name} runs under account ${pod.serviceAccount}`,
    );
  }
  if (claim.node !== '' && pod.node !== claim.node) {
    throw new SignetError('POD_NODE_MISMATCH', `pod ${claim.namespace}/${claim.name} runs on node ${pod.node}`);
  }
  return pod.node;
}

interface PeerCall {
  readonly peer: PeerCertificate;
  readonly signal: AbortSignal;
  readonly onProof: (proved: ProvedSoFar) => void;
}

/** Renewal: the handshake proved the key; everything else is proved again. */
async function attestPeer(deps: AttestorDeps, { peer, signal, onProof }: PeerCall): Promise<AttestedCaller> {
  const { accounts, clock, findIssuance } = deps;
  const entry = await findIssuance(peer.serial);
  // The bytes too: a certificate of another issuer may carry the same serial.
  if (entry === undefined || !entry.certificate.equals(peer.raw)) {
    throw new SignetError('CERTIFICATE_REJECTED', `certificate ${peer.serial} is not in the ledger`);
  }
  const { identity, notBefore } = entry.issuance;
  const { namespace, serviceAccount, spiffeId, podUid } = identity;
  onProof({ spiffeId, podUid });
  if (peer.notAfter <= clock.now()) throw new SignetError('CERTIFICATE_REJECTED', 'the certificate has expired');
  if (peer.spiffeId !== spiffeId || accounts.idOf(namespace, serviceAccount) !== spiffeId) {
    throw new SignetError('CERTIFICATE_REJECTED', 'the certificate names another identity than the ledger');
  }
  const role = accounts.roleOf(namespace, serviceAccount);
  const claim = {
    namespace,
    name: identity.podName,
    uid: podUid,
    serviceAccount,
    node: identity.nodeName,
    issuedAt: notBefore,
  };
  if (role === 'workload' && podUid === '') {
    throw new SignetError(
      'CERTIFICATE_REJECTED',
      `${spiffeId} is no control-plane identity any more, and the certificate is not bound to a pod`,
    );
  }
  if (role === 'workload') await deps.pods.check(claim, signal);
  else await checkPrivileged(deps, claim, signal);
  return { identity: { ...identity, method: 'mtls' }, role, credentialId: `certificate ${peer.serial}` };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
