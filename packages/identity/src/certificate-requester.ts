// SPDX-License-Identifier: Apache-2.0
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { failure, normaliseSerial, SignetError, success, type Result } from '@signet/model';
import { buildCsr, generateKeyPair, verifyIssued } from '@signet/pki';
import type { IssueCertificateResponse__Output } from '@signet/proto';
import { certificateAuthority } from '@signet/proto/services';
import { createChannel, createClient, type TlsMaterial } from '@signet/runtime/client';
import type { CertificateClientOptions } from './certificate-client.ts';
import { createIssuanceRecorder, type IssuanceRecord } from './issuance-record.ts';
import { isTransient } from './renewal-schedule.ts';

/** Asks the CA for one certificate. */
export interface CertificateRequester {
  /**
   * Resolves with a verified certificate. With a current one the request goes over mTLS first, and by token when that
   * fails. Rejects with a SignetError.
   */
  request(current: TlsMaterial | undefined, signal: AbortSignal): Promise<TlsMaterial>;
}

type Credential = IssuanceRecord['credential'];

/** Kept over retries: a CA that had signed when the connection broke answers the repeated CSR with that certificate. */
interface PendingRequest {
  readonly privateKey: KeyObject;
  readonly csr: Buffer;
}

const callTimeoutMs = 10_000;

/** Creates a requester; each certificate gets a key of its own. */
export function createCertificateRequester(options: CertificateClientOptions): CertificateRequester {
  const recorder = createIssuanceRecorder(options.recordFile);
  let pending: PendingRequest | undefined;

  async function attempt(
    credential: Credential,
    current: TlsMaterial | undefined,
    signal: AbortSignal,
  ): Promise<TlsMaterial> {
    const roots = options.rootsPem();
    if (roots === undefined)
      throw new SignetError('CA_DOWN', 'the trust bundle is not there yet; it is written by the CA');
    pending ??= createPending();
    const { privateKey, csr } = pending;
    const response = await call(options, { credential, current, csr, signal });
    const checked = checkResponse(options, response, { privateKey, roots });
    await recorder.record(recordOf(options, response, { credential, isAccepted: checked.ok }));
    pending = undefined;
    if (!checked.ok) {
      throw new SignetError('INTERNAL', 'the CA answered with a certificate that does not pass the checks', {
        detail: checked.error,
      });
    }
    return checked.value;
  }

  return {
    async request(current, signal) {
      try {
        try {
          if (current !== undefined) return await attempt('mtls', current, signal);
        } catch (cause) {
          if (signal.aborted) throw cause;
          const problem = cause instanceof Error ? cause.message : String(cause);
          options.logger.info({ problem, profile: options.profile }, 'renewal over mTLS failed, trying by token');
        }
        return await attempt('token', undefined, signal);
      } catch (cause) {
        // What was refused once is refused again: the next attempt starts afresh.
        if (cause instanceof SignetError && !isTransient(cause.kind)) pending = undefined;
        throw cause;
      }
    },
  };
}

function createPending(): PendingRequest {
  const { privateKey } = generateKeyPair();
  // No name is asked for: the CA writes the identity that it attested.
  return { privateKey, csr: buildCsr({ privateKey }) };
}

interface Call {
  readonly credential: Credential;
  readonly current: TlsMaterial | undefined;
  readonly csr: Buffer;
  readonly signal: AbortSignal;
}

/** A channel for each call: calls are hours apart, and each must use the credential of now. */
async function call(
  options: CertificateClientOptions,
  { credential, current, csr, signal }: Call,
): Promise<IssueCertificateResponse__Output> {
  const server = { rootsPem: options.rootsPem, expectedServerIds: options.caServerIds };
  const channel = createChannel(
    credential === 'mtls'
      ? { ...server, address: options.caMtlsAddress, material: () => current }
      : { ...server, address: options.caAddress, token: options.token },
  );
  try {
    return await createClient(certificateAuthority, channel).IssueCertificate(
      {
        csr,
        profile: options.profile === 'serving' ? 'PROFILE_SERVING' : 'PROFILE_WORKLOAD',
        ...(options.lifetimeSeconds === undefined ? {} : { lifetime: { seconds: options.lifetimeSeconds } }),
      },
      { signal, timeoutMs: callTimeoutMs },
    );
  } finally {
    channel.close();
  }
}

interface Checks {
  readonly privateKey: KeyObject;
  readonly roots: string;
}

/** What came is used only if it is for our key, names us, chains to the roots and is valid now. */
function checkResponse(
  options: CertificateClientOptions,
  response: IssueCertificateResponse__Output,
  { privateKey, roots }: Checks,
): Result<TlsMaterial> {
  const checked = verifyIssued({
    chainPem: response.certificateChain,
    rootsPem: roots,
    privateKey,
    expectedSpiffeId: options.expectedSpiffeId,
    profile: options.profile,
    now: options.clock.now(),
  });
  if (!checked.ok) return failure(`${checked.error.reason}: ${checked.error.message}`);
  const { serial, spiffeId, notBefore, notAfter, certificateChainPem } = checked.value;
  return success({
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateChainPem,
    rootsPem: roots,
    serial,
    spiffeId,
    notBefore,
    notAfter,
  });
}

/** Written for refused certificates too: the ledger must know of everything that left the CA. */
function recordOf(
  { profile, clock }: CertificateClientOptions,
  response: IssueCertificateResponse__Output,
  { credential, isAccepted }: { readonly credential: Credential; readonly isAccepted: boolean },
): IssuanceRecord {
  const leaf = readLeaf(response);
  return {
    time: clock.now().toISOString(),
    serial: normaliseSerial(leaf?.serialNumber ?? response.serial),
    spiffeId: response.spiffeId,
    profile,
    credential,
    notBefore: leaf?.validFromDate.toISOString() ?? '',
    notAfter: leaf?.validToDate.toISOString() ?? '',
    certificateSha256: leaf === undefined ? '' : createHash('sha256').update(leaf.raw).digest('hex'),
    isAccepted,
  };
}

function readLeaf({ certificateChain: [pem] }: IssueCertificateResponse__Output): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
