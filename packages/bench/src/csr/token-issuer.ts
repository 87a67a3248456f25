// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

/** The pod that a token is bound to. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

/** Signs service account tokens with exactly Kubernetes' claims. */
export interface TokenIssuer {
  readonly issuer: string;
  /** JWKS document. */
  readonly jwks: string;
  issueToken(subject: TokenSubject): string;
}

const lifetimeSeconds = 3600;

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Creates an issuer with an RSA key, which is what a cluster has unless told otherwise. */
export function createTokenIssuer(): TokenIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const issuer = 'https://bench.signet.dev';
  return {
    issuer,
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] }),
    issueToken({ namespace, serviceAccount, pod, node }) {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        aud: ['signet.dev'],
        exp: now + lifetimeSeconds,
        iat: now,
        nbf: now,
        iss: issuer,
        jti: randomUUID(),
        sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
        'kubernetes.io': {
          namespace,
          serviceaccount: { name: serviceAccount, uid: `sa-${serviceAccount}` },
          pod,
          node,
        },
      };
      const signed = `${encode({ alg: 'RS256', kid, typ: 'JWT' })}.${encode(claims)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
  };
}
