// SPDX-License-Identifier: Apache-2.0
import type { Revision } from '@signet/model';
import type { Logger, Metrics } from '@signet/runtime';
import { resourceType, type ConnectedProxy, type StreamEvent } from '@signet/xds';

/** What happens in config, each with its counter and its log line. */
export interface ConfigEvents {
  proxyConnected(proxy: ConnectedProxy): void;
  proxyGone(proxy: ConnectedProxy): void;
  responseSent(typeUrl: string, sizeBytes: number): void;
  streamEvent(proxy: ConnectedProxy, event: StreamEvent, nowMs: number): void;
  computed(o: { readonly revision: Revision; readonly durationMs: number; readonly proxies: number }): void;
  computeFailed(error: unknown): void;
  resourcesInvalid(o: { readonly podUid: string; readonly problems: readonly string[] }): void;
  connectionsClosed(o: { readonly cause: 'pod-gone' | 'certificate-expired'; readonly count: number }): void;
}

const sizeBuckets = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/** Creates the events over a logger and metrics. */
export function createConfigEvents(logger: Logger, metrics: Metrics, proxyCount: () => number): ConfigEvents {
  const pushes = metrics.counter('pushes_total', 'Responses sent to proxies', ['type']);
  const sizes = metrics.histogram('response_size_bytes', 'Size of responses to proxies', ['type'], sizeBuckets);
  const acknowledgements = metrics.histogram('acknowledgement_seconds', 'From sending a response to its ACK', ['type']);
  const convergence = metrics.histogram(
    'convergence_seconds',
    'From the arrival of an event to the last ACK of a proxy',
  );
  const rejections = metrics.counter('rejections_total', 'Responses that proxies rejected', ['type']);
  const computations = metrics.histogram('computation_seconds', 'Compiling policies and starting the push');
  const failures = metrics.counter('computation_failures_total', 'Computations that broke an invariant');
  const invalid = metrics.counter('invalid_resources_total', 'Resources that the check refused to send');
  const closed = metrics.counter('connections_closed_total', 'Connections closed because their identity ended', [
    'cause',
  ]);
  metrics.gauge('proxies', 'Open ADS streams').collect(proxyCount);
  const label = (typeUrl: string): string => resourceType(typeUrl)?.label ?? 'other';

  return {
    proxyConnected: ({ identity, node, variant }) =>
      logger.info({ ...identity, proxyVersion: node.version, variant }, 'proxy connected'),
    proxyGone: ({ identity }) => logger.info({ ...identity }, 'proxy gone'),
    responseSent(typeUrl, sizeBytes) {
      pushes.increment({ type: label(typeUrl) });
      sizes.observe(sizeBytes, { type: label(typeUrl) });
    },
    streamEvent({ identity }, event, nowMs) {
      switch (event.kind) {
        case 'acknowledged':
          acknowledgements.observe(event.latencyMs / 1000, { type: label(event.typeUrl) });
          break;
        case 'rejected': {
          rejections.increment({ type: label(event.typeUrl) });
          const { namespace, pod } = identity;
          const resources = event.culprits.map(({ name }) => name);
          logger.warn(
            { namespace, pod, type: label(event.typeUrl), resources, problem: event.message },
            'proxy rejected resources',
          );
          break;
        }
        case 'settled':
          convergence.observe(Math.max(0, nowMs - event.desired.sinceMs) / 1000);
          break;
        case 'send':
      }
    },
    computed({ revision, durationMs, proxies }) {
      computations.observe(durationMs / 1000);
      logger.debug({ revision, durationMs, proxies }, 'configuration computed');
    },
    computeFailed(error) {
      failures.increment();
      logger.error({ err: error }, 'configuration could not be computed; the last one stays');
    },
    resourcesInvalid({ podUid, problems }) {
      invalid.increment({}, problems.length);
      logger.error({ podUid, problems }, 'resources fail the check and are not sent');
    },
    connectionsClosed({ cause, count }) {
      if (count === 0) return;
      closed.increment({ cause }, count);
      logger.info({ cause, count }, 'connections closed');
    },
  };
}
