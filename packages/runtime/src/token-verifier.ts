// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { failure, success, type Reason, type Result } from '@signet/model';
import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';
import { systemClock, type Clock } from './clock.ts';
import { JwksUnavailable, createJwksSource, type JwksLocation } from './jwks-source.ts';

/** What a verified service account token says; strings are empty where a token is not bound. */
export interface VerifiedToken {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
  readonly nodeName: string;
  readonly nodeUid: string;
  /** `jti`. */
  readonly credentialId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly audiences: readonly string[];
}

export interface TokenFailure {
  readonly reason: Reason;
  readonly message: string;
}

export interface TokenVerifier {
  verify(token: string): Promise<Result<VerifiedToken, TokenFailure>>;
}

// What kube-apiserver can sign with; symmetric algorithms and `none` are out.
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const tokenLengthMax = 16 * 1024;
const clockToleranceSeconds = 10;
// Long enough for the two or three calls that one start of a pod makes, short enough for a key that is withdrawn.
const cacheMs = 10_000;
const cachedTokensMax = 2000;

function fail(reason: Reason, message: string): { readonly ok: false; readonly error: TokenFailure } {
  return failure({ reason, message });
}

function describeFailure(error: unknown): TokenFailure {
  if (error instanceof errors.JWTExpired) return { reason: 'TOKEN_EXPIRED', message: 'the token has expired' };
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case 'aud':
        return { reason: 'TOKEN_AUDIENCE_WRONG', message: 'the token was made for another audience' };
      case 'iss':
        return { reason: 'TOKEN_ISSUER_UNKNOWN', message: 'the token comes from an issuer that is not configured' };
      case 'nbf':
      case 'exp':
        return { reason: 'TOKEN_EXPIRED', message: 'the token is not valid now' };
      default:
        return { reason: 'TOKEN_MALFORMED', message: `claim ${error.claim} is not as it must be` };
    }
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return { reason: 'TOKEN_SIGNATURE_INVALID', message: 'no key of the issuer verifies the token' };
  }
  return { reason: 'TOKEN_MALFORMED', message: 'not a signed JWT of a service account' };
}

/** What the token says of its issuer, unproved: good enough to name the reason of a refusal, for nothing else. */
function isFromElsewhere(token: string, issuer: string): boolean {
  try {
    return decodeJwt(token).iss !== issuer;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textIn(value: unknown, key: string): string {
  const found = isRecord(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : '';
}

/** Reads the claims of a bound service account token (KEP-1205, KEP-4193). */
function readClaims(payload: JWTPayload): Result<VerifiedToken, TokenFailure> {
  const kubernetes = payload['kubernetes.io'];
  if (!isRecord(kubernetes)) return fail('TOKEN_MALFORMED', 'the token has no claim kubernetes.io');
  const namespace = textIn(kubernetes, 'namespace');
  const serviceAccount = textIn(kubernetes['serviceaccount'], 'name');
  if (
    payload.sub !== `system:serviceaccount:${namespace}:${serviceAccount}` ||
    namespace === '' ||
    serviceAccount === ''
  ) {
    return fail('TOKEN_MALFORMED', 'subject and claim kubernetes.io do not name one service account');
  }
  const { aud, exp, iat } = payload;
  if (exp === undefined || iat === undefined || aud === undefined) {
    return fail('TOKEN_MALFORMED', 'the token lacks aud, exp or iat');
  }
  return success({
    namespace,
    serviceAccount,
    podName: textIn(kubernetes['pod'], 'name'),
    podUid: textIn(kubernetes['pod'], 'uid'),
    nodeName: textIn(kubernetes['node'], 'name'),
    nodeUid: textIn(kubernetes['node'], 'uid'),
    credentialId: payload.jti ?? '',
    issuedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
    audiences: typeof aud === 'string' ? [aud] : aud,
  });
}

interface CachedPayload {
  readonly payload: JWTPayload;
  readonly untilMs: number;
}

/** Remembers good signatures for a moment, by digest of the whole token. */
function createPayloadCache(clock: Clock) {
  const known = new Map<string, CachedPayload>();
  return {
    find(digest: string): JWTPayload | undefined {
      const found = known.get(digest);
      return found !== undefined && clock.now().getTime() < found.untilMs ? found.payload : undefined;
    },
    remember(digest: string, payload: JWTPayload): void {
      const expiresMs = (payload.exp ?? 0) * 1000;
      known.delete(digest);
      known.set(digest, { payload, untilMs: Math.min(clock.now().getTime() + cacheMs, expiresMs) });
      const [oldest] = known.keys();
      if (known.size > cachedTokensMax && oldest !== undefined) known.delete(oldest);
    },
  };
}

/** Creates a verifier of service account tokens of one issuer. Nothing it is given makes it throw. */
export function createTokenVerifier(o: {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwks: JwksLocation;
  readonly clock?: Clock;
}): TokenVerifier {
  const clock = o.clock ?? systemClock;
  const source = createJwksSource(o.jwks, clock);
  const cache = createPayloadCache(clock);

  async function verifyWith(token: string, refresh: boolean): Promise<JWTPayload> {
    const keys = createLocalJWKSet(await source.read(refresh));
    const { payload } = await jwtVerify(token, keys, {
      algorithms,
      issuer: o.issuer,
      audience: [...o.audiences],
      clockTolerance: clockToleranceSeconds,
      currentDate: clock.now(),
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    });
    return payload;
  }

  async function verifyPayload(token: string): Promise<JWTPayload> {
    try {
      return await verifyWith(token, false);
    } catch (error) {
      // The issuer may have rotated its keys; the source limits how often that is looked up.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return await verifyWith(token, true);
    }
  }

  return {
    async verify(token) {
      if (token.length > tokenLengthMax) return fail('TOKEN_MALFORMED', 'the token is longer than 16 KiB');
      const digest = createHash('sha256').update(token).digest('base64');
      const cached = cache.find(digest);
      if (cached !== undefined) return readClaims(cached);
      let payload: JWTPayload;
      try {
        payload = await verifyPayload(token);
        cache.remember(digest, payload);
      } catch (error) {
        if (error instanceof JwksUnavailable) return fail('KUBERNETES_DOWN', error.message);
        const problem = describeFailure(error);
        if (problem.reason === 'TOKEN_SIGNATURE_INVALID' && isFromElsewhere(token, o.issuer)) {
          return fail('TOKEN_ISSUER_UNKNOWN', 'the token comes from an issuer that is not configured');
        }
        return failure(problem);
      }
      return readClaims(payload);
    },
  };
}
