// SPDX-License-Identifier: Apache-2.0
import type { Issuance } from '@signet/model';
import type { Logger, Metrics } from '@signet/runtime';

/** What happens in the CA, as counter and log line together. */
export interface CaEvents {
  issued(issuance: Issuance, durationMs: number): void;
  /** The same request came again and got the same certificate. */
  repeated(issuance: Issuance): void;
  refused(refusal: {
    readonly reason: string;
    readonly spiffeId: string;
    readonly podUid: string;
    readonly sourceAddress: string;
  }): void;
  openIntentsFound(count: number): void;
  connectionsClosed(podUid: string, count: number): void;
  authorityReady(authority: { readonly serial: string; readonly notAfter: Date }): void;
}

/** Creates the events of the CA. */
export function createCaEvents({ logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics }): CaEvents {
  const issued = metrics.counter('issued_total', 'Certificates issued', ['profile', 'attestation']);
  const repeated = metrics.counter('repeated_total', 'Repeated requests that got the certificate of the first');
  const refused = metrics.counter('refused_total', 'Requests refused', ['reason']);
  const duration = metrics.histogram('issue_seconds', 'Time from request to durable certificate', ['profile']);
  const openIntents = metrics.counter('open_intents_found_total', 'Open intents of ended processes that were given up');
  const closed = metrics.counter('connections_closed_total', 'Connections closed because their pod ended');
  const expiry = metrics.gauge('intermediate_expiry_seconds', 'End of the intermediate in seconds since 1970');
  return {
    issued(issuance, durationMs) {
      const { profile, identity, serial, sequence } = issuance;
      issued.increment({ profile, attestation: identity.method });
      duration.observe(durationMs / 1000, { profile });
      const { spiffeId, podUid, method } = identity;
      logger.debug(
        { serial, sequence, spiffeId, podUid, profile, attestation: method, durationMs },
        'certificate issued',
      );
    },
    repeated({ serial, identity }) {
      repeated.increment();
      logger.debug({ serial, spiffeId: identity.spiffeId }, 'request repeated');
    },
    refused({ reason, ...fields }) {
      refused.increment({ reason });
      logger.debug({ reason, ...fields }, 'certificate refused');
    },
    openIntentsFound(count) {
      openIntents.increment({}, count);
      if (count > 0) logger.info({ openIntents: count }, 'open intents of an ended process given up');
    },
    connectionsClosed(podUid, count) {
      closed.increment({}, count);
      logger.info({ podUid, connections: count }, 'connections of an ended pod closed');
    },
    authorityReady({ serial, notAfter }) {
      expiry.set(Math.floor(notAfter.getTime() / 1000));
      logger.info({ serial, notAfter }, 'signing with this intermediate');
    },
  };
}
