// SPDX-License-Identifier: Apache-2.0
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../atomic-file.ts';

/** Issuer of the playground's service account tokens. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';

/** Whose token it is. Pod and node are absent in a token that is not bound. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

/** Signs service account tokens with exactly the claims of a kube-apiserver. */
export interface TokenIssuer {
  issue(
    subject: TokenSubject,
    options: { readonly audiences: readonly string[]; readonly lifetimeSeconds: number },
  ): string;
}

/** Opens the issuer: its RSA key (made at first use) in `key.pem`, its JWKS beside it. */
export function openTokenIssuer(directory: string, now: () => Date): TokenIssuer {
  const key = openKey(path.join(directory, 'key.pem'));
  const publicKey = createPublicKey(key);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const kid = createHash('sha256').update(spki).digest('base64url');
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] };
  writeFileAtomically(path.join(directory, 'jwks.json'), `${JSON.stringify(jwks)}\n`);
  return {
    issue(subject, { audiences, lifetimeSeconds }) {
      const issuedAt = Math.floor(now().getTime() / 1000);
      const header = encode({ alg: 'RS256', kid });
      const { namespace, serviceAccount, pod, node } = subject;
      const payload = encode({
        aud: audiences,
        exp: issuedAt + lifetimeSeconds,
        iat: issuedAt,
        iss: tokenIssuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace,
          ...(node === undefined ? {} : { node }),
          ...(pod === undefined ? {} : { pod }),
          serviceaccount: serviceAccount,
        },
        nbf: issuedAt,
        sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
      });
      const signature = sign('RSA-SHA256', Buffer.from(`${header}.${payload}`), key).toString('base64url');
      return `${header}.${payload}.${signature}`;
    },
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function openKey(file: string): KeyObject {
  if (existsSync(file)) return createPrivateKey(readFileSync(file));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileAtomically(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  return privateKey;
}
