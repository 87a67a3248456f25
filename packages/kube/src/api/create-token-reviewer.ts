// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Reason, type Result } from '@signet/model';
import type { VerifiedToken } from '@signet/runtime';
import { fieldsOf, listOf, textOf, type Fields } from '../kube-object.ts';
import { expectOk, type KubeClient } from './kube-client.ts';

const path = '/apis/authentication.k8s.io/v1/tokenreviews';
const tokenLengthMax = 16 * 1024;
const userPattern = /^system:serviceaccount:([^:]+):([^:]+)$/;
const extraPrefix = 'authentication.kubernetes.io/';

/** Has the API server judge service account tokens. */
export interface TokenReviewer {
  /** Throws SignetError KUBERNETES_DOWN when the server cannot be asked; a bad token is a failure, not an exception. */
  review(token: string, signal?: AbortSignal): Promise<Result<VerifiedToken, { reason: Reason; message: string }>>;
}

function extra(user: Fields, name: string): string {
  return textOf(listOf(fieldsOf(user['extra'])[`${extraPrefix}${name}`])[0]);
}

/** The times stand in the token only; the server has vouched for it by then. */
function timesOf(token: string): { issuedAt: Date; expiresAt: Date } {
  const seconds = (value: unknown): Date => new Date(typeof value === 'number' ? value * 1000 : 0);
  try {
    const payload = fieldsOf(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
    return { issuedAt: seconds(payload['iat']), expiresAt: seconds(payload['exp']) };
  } catch {
    return { issuedAt: new Date(0), expiresAt: new Date(0) };
  }
}

/** Creates a reviewer that asks for the given audiences and believes only those that the server confirms. */
export function createTokenReviewer(options: {
  readonly client: KubeClient;
  readonly audiences: readonly string[];
}): TokenReviewer {
  const { client, audiences } = options;
  return {
    async review(token, signal) {
      if (token.length > tokenLengthMax)
        return failure({ reason: 'TOKEN_MALFORMED', message: 'the token is longer than 16 KiB' });
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } };
      const control = signal === undefined ? {} : { signal };
      const { status } = fieldsOf(expectOk(path, await client.post(path, review, control)));
      const { authenticated, user, audiences: confirmed, error } = fieldsOf(status);
      if (authenticated !== true) {
        return failure({
          reason: 'TOKEN_REJECTED',
          message: `the API server does not accept the token: ${textOf(error) || 'no reason given'}`,
        });
      }
      const granted = listOf(confirmed).filter((one) => typeof one === 'string');
      // An authenticator that ignores audiences confirms none (TokenReviewStatus.audiences).
      if (!granted.some((one) => audiences.includes(one))) {
        return failure({ reason: 'TOKEN_AUDIENCE_WRONG', message: `the token is not for ${audiences.join(' or ')}` });
      }
      const [, namespace, serviceAccount] = userPattern.exec(textOf(fieldsOf(user)['username'])) ?? [];
      if (namespace === undefined || serviceAccount === undefined) {
        return failure({ reason: 'TOKEN_MALFORMED', message: 'the token is not that of a service account' });
      }
      return success({
        namespace,
        serviceAccount,
        podName: extra(fieldsOf(user), 'pod-name'),
        podUid: extra(fieldsOf(user), 'pod-uid'),
        nodeName: extra(fieldsOf(user), 'node-name'),
        nodeUid: extra(fieldsOf(user), 'node-uid'),
        credentialId: extra(fieldsOf(user), 'credential-id').replace(/^JTI=/, ''),
        ...timesOf(token),
        audiences: granted,
      });
    },
  };
}
