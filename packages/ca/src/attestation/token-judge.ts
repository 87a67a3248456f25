// SPDX-License-Identifier: Apache-2.0
import {
  createKubeClient,
  createTokenReviewer,
  loadKubeConfig,
  type KubeClient,
  type TokenReviewer,
} from '@signet/kube';
import { SignetError, type AttestationMethod } from '@signet/model';
import { createCachedVerifier } from './cached-verifier.ts';
import { createTokenVerifier, type Clock, type TokenVerifier, type VerifiedToken } from '@signet/runtime';
import type { Accounts } from '../accounts.ts';
import type { CaConfig } from '../config.ts';

/** A token that was judged good, and by whom. */
export interface JudgedToken extends VerifiedToken {
  readonly method: Extract<AttestationMethod, 'token-jwks' | 'token-review'>;
}

/** Judges service account tokens. Throws SignetError. */
export interface TokenJudge {
  judge(token: string, signal: AbortSignal): Promise<JudgedToken>;
  close(): void;
}

/** What createTokenJudge needs. */
export interface TokenJudgeDeps {
  readonly config: Pick<CaConfig, 'tokens' | 'source' | 'ca'>;
  readonly accounts: Accounts;
  /** True while the inventory can vouch for pods. */
  readonly isInventorySynced: () => boolean;
  readonly clock: Clock;
}

function createVerifier({ config, clock }: TokenJudgeDeps): TokenVerifier | undefined {
  if (config.tokens === undefined) return undefined;
  const { issuer, audiences, jwksFile, jwksUrl, jwksCaFile, jwksTokenFile } = config.tokens;
  if (jwksFile !== undefined) return createTokenVerifier({ issuer, audiences, clock, jwks: { file: jwksFile } });
  if (jwksUrl === undefined) return undefined;
  const files = {
    ...(jwksCaFile === undefined ? {} : { caFile: jwksCaFile }),
    ...(jwksTokenFile === undefined ? {} : { tokenFile: jwksTokenFile }),
  };
  return createTokenVerifier({ issuer, audiences, clock, jwks: { url: jwksUrl, ...files } });
}

const defaultAudiences = ['signet.dev', 'istio-ca'];

function createReviewer({ config }: TokenJudgeDeps): { reviewer: TokenReviewer; client: KubeClient } | undefined {
  if (config.source?.kind !== 'kubernetes') return undefined;
  const client = createKubeClient(loadKubeConfig(config.source.kubeconfig));
  return { client, reviewer: createTokenReviewer({ client, audiences: config.tokens?.audiences ?? defaultAudiences }) };
}

/**
 * By the issuer's keys where they are configured; by the API server as well for everybody in strict mode, for control
 * plane and operators always, and for all while the inventory cannot vouch for pods.
 */
export function createTokenJudge(deps: TokenJudgeDeps): TokenJudge {
  const { accounts, config, isInventorySynced } = deps;
  const verifier = createCachedVerifier(createVerifier(deps), deps.clock);
  const review = createReviewer(deps);
  if (verifier === undefined && review === undefined) {
    throw new Error(
      'tokens: the CA needs the issuer’s keys (tokens.jwksFile or tokens.jwksUrl), or a Kubernetes source',
    );
  }

  function mustReview(token: VerifiedToken): boolean {
    return (
      config.ca.review === 'strict' ||
      !isInventorySynced() ||
      accounts.roleOf(token.namespace, token.serviceAccount) !== 'workload'
    );
  }

  return {
    async judge(token, signal) {
      if (verifier !== undefined) {
        const verified = await verifier.verify(token);
        if (!verified.ok) throw new SignetError(verified.error.reason, verified.error.message);
        if (review === undefined || !mustReview(verified.value)) return { ...verified.value, method: 'token-jwks' };
      }
      if (review === undefined) throw new SignetError('INTERNAL', 'no way to judge tokens');
      const reviewed = await review.reviewer.review(token, signal);
      if (!reviewed.ok) throw new SignetError(reviewed.error.reason, reviewed.error.message);
      return { ...reviewed.value, method: 'token-review' };
    },
    close: () => review?.client.close(),
  };
}
