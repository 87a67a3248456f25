// SPDX-License-Identifier: Apache-2.0
import { SignetError, type CertificateProfile } from '@signet/model';
import type { Clock, Logger, TlsMaterial } from '@signet/runtime';
import { createCertificateRequester, type CertificateRequester } from './certificate-requester.ts';
import { defaultRetryLimits, isTransient, renewalTime, retryDelayMs, type RetryLimits } from './renewal-schedule.ts';

/** How a process gets its own certificate. */
export interface CertificateClientOptions {
  /** host:port of the CA's token listener. */
  readonly caAddress: string;
  /** host:port of the CA's mTLS listener, used for renewal. */
  readonly caMtlsAddress: string;
  /** Reads the service account token; called for each use, since the kubelet replaces it. */
  readonly token: () => Promise<string> | string;
  /** Roots that the CA's own certificate and the issued one must chain to; undefined while there are none. */
  readonly rootsPem: () => string | undefined;
  /** SPIFFE ids of which the CA must present one. */
  readonly caServerIds: readonly string[];
  /** SPIFFE id that the issued certificate must carry. */
  readonly expectedSpiffeId: string;
  readonly profile: CertificateProfile;
  /** Lifetime to ask for; absent means the CA's default. */
  readonly lifetimeSeconds?: number | undefined;
  /** Append-only file of every certificate received, one JSON object in each line; absent means none. */
  readonly recordFile?: string | undefined;
  /** In [0, 1), for jitter. Default Math.random. */
  readonly random?: (() => number) | undefined;
  readonly retryLimits?: RetryLimits | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Keeps one certificate valid for the life of a process. */
export interface CertificateClient {
  /** Begins to ask; returns at once. */
  start(): void;
  /** Ends all work; waiters of `ready` are refused. The last certificate stays available. */
  stop(): Promise<void>;
  /** Newest verified certificate with the roots of now; undefined before the first one and after expiry. */
  current(): TlsMaterial | undefined;
  /** Resolves with the first certificate. */
  ready(signal?: AbortSignal): Promise<TlsMaterial>;
  /** Calls back with each new certificate; returns the way to end that. */
  onChange(listener: (material: TlsMaterial) => void): () => void;
}

/** A timer is never trusted for longer: after a suspended machine wakes up, renewal is due at once. */
const longestSleepMs = 30_000;
const rootsPollMs = 50;

/** Creates the client; nothing happens before `start`. */
export function createCertificateClient(options: CertificateClientOptions): CertificateClient {
  return new RenewingClient(options, createCertificateRequester(options));
}

class RenewingClient implements CertificateClient {
  readonly #options: CertificateClientOptions;
  readonly #requester: CertificateRequester;
  readonly #random: () => number;
  readonly #limits: RetryLimits;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(material: TlsMaterial) => void>();
  #material: TlsMaterial | undefined;
  #loop: Promise<void> | undefined;
  #lastReason: string | undefined;

  constructor(options: CertificateClientOptions, requester: CertificateRequester) {
    this.#options = options;
    this.#requester = requester;
    this.#random = options.random ?? Math.random;
    this.#limits = options.retryLimits ?? defaultRetryLimits;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    this.#listeners.clear();
  }

  current(): TlsMaterial | undefined {
    const material = this.#material;
    if (material === undefined || material.notAfter <= this.#options.clock.now()) return undefined;
    const rootsPem = this.#options.rootsPem() ?? material.rootsPem;
    if (rootsPem !== material.rootsPem) this.#material = { ...material, rootsPem };
    return this.#material;
  }

  async ready(signal?: AbortSignal): Promise<TlsMaterial> {
    const present = this.current();
    if (present !== undefined) return present;
    const ended = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    return new Promise((resolve, reject) => {
      const refuse = (): void => {
        release();
        reject(new SignetError('SHUTTING_DOWN', 'no longer waiting for a certificate'));
      };
      const release = this.onChange((material) => {
        release();
        ended.removeEventListener('abort', refuse);
        resolve(material);
      });
      if (ended.aborted) refuse();
      else ended.addEventListener('abort', refuse, { once: true });
    });
  }

  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #run(): Promise<void> {
    let attempt = 0;
    await this.#waitForRoots();
    while (!this.#stop.signal.aborted) {
      try {
        const material = await this.#requester.request(this.current(), this.#stop.signal);
        attempt = 0;
        this.#adopt(material);
        await this.#sleepUntil(renewalTime(this.#usableFrom(material), this.#random()));
      } catch (cause) {
        if (this.#stop.signal.aborted) return;
        attempt += 1;
        const delayMs = this.#delayAfter(toFailure(cause), attempt);
        await this.#sleepUntil(new Date(this.#options.clock.now().getTime() + delayMs));
      }
    }
  }

  /** Roots are a matter of start-up order, not of back-off: the CA may be about to write them. */
  async #waitForRoots(): Promise<void> {
    const { logger, rootsPem, profile } = this.#options;
    const { signal } = this.#stop;
    if (rootsPem() !== undefined) return;
    logger.info({ profile }, 'waiting for the trust bundle, which the CA writes');
    while (rootsPem() === undefined && !signal.aborted) await pause(rootsPollMs, signal);
  }

  #usableFrom(material: TlsMaterial): { receivedAt: Date; notAfter: Date } {
    return { receivedAt: this.#options.clock.now(), notAfter: material.notAfter };
  }

  #adopt(material: TlsMaterial): void {
    const { logger, profile } = this.#options;
    this.#material = material;
    this.#lastReason = undefined;
    const { serial, spiffeId, notAfter } = material;
    logger.info({ serial, spiffeId, profile, notAfter }, 'certificate received');
    for (const listener of [...this.#listeners]) {
      try {
        listener(material);
      } catch (cause) {
        logger.error({ err: cause }, 'a listener for new certificates failed');
      }
    }
  }

  /** Logs a failure when it differs from the one before, and says how long to wait. */
  #delayAfter(failed: SignetError, attempt: number): number {
    const { logger, profile, expectedSpiffeId: spiffeId } = this.#options;
    const { kind, reason, retryAfterMs } = failed;
    const delayMs = retryDelayMs({ kind, attempt, retryAfterMs }, this.#limits, this.#random());
    const fields = { reason, problem: failed.message, detail: failed.detail, spiffeId, profile, attempt, delayMs };
    if (reason === this.#lastReason) logger.debug(fields, 'no certificate yet');
    else if (isTransient(kind)) logger.info(fields, 'no certificate yet');
    else logger.warn(fields, 'certificate refused');
    this.#lastReason = reason;
    return delayMs;
  }

  async #sleepUntil(due: Date): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const remainingMs = due.getTime() - this.#options.clock.now().getTime();
      if (remainingMs <= 0 || signal.aborted) return;
      await pause(Math.min(remainingMs, longestSleepMs), signal);
    }
  }
}

function toFailure(cause: unknown): SignetError {
  if (cause instanceof SignetError) return cause;
  return new SignetError('CA_DOWN', 'the request for a certificate failed', { cause, detail: String(cause) });
}

/** Ends early, without an error, when the signal is raised. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener('abort', finish, { once: true });
  });
}
