// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { success } from '@signet/model';
import type { Clock, TokenVerifier, VerifiedToken } from '@signet/runtime';

/** So long a verified token is not verified again; a key that the issuer withdraws works for that much longer. */
const trustedMs = 10_000;
const tokensMax = 10_000;

/**
 * Remembers good tokens, by the hash of the whole token, for a moment: a pod asks for several certificates at once. Bad
 * ones are judged each time. Whether the pod lives is no part of this, and is checked each time.
 */
export function createCachedVerifier(verifier: TokenVerifier | undefined, clock: Clock): TokenVerifier | undefined {
  if (verifier === undefined) return undefined;
  const known = new Map<string, { readonly token: VerifiedToken; readonly until: number }>();
  return {
    async verify(text) {
      const key = createHash('sha256').update(text).digest('base64');
      const now = clock.now().getTime();
      const cached = known.get(key);
      if (cached !== undefined && now < cached.until) return success(cached.token);
      known.delete(key);
      const verified = await verifier.verify(text);
      if (!verified.ok) return verified;
      known.set(key, { token: verified.value, until: Math.min(now + trustedMs, verified.value.expiresAt.getTime()) });
      const [oldest] = known.keys();
      if (known.size > tokensMax && oldest !== undefined) known.delete(oldest);
      return verified;
    },
  };
}
