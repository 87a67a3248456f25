// SPDX-License-Identifier: Apache-2.0
import type { Logger, Metrics } from '@signet/runtime';

/** One function for each thing that happens in the agent: counter and log together. */
export interface AgentEvents {
  /** Envoy ended although nobody asked it to. */
  envoyEnded(): void;
  /** Entries of an access log arrived from Envoy. */
  accessLogReceived(log: string, entries: number): void;
  /** Calls were in a report on a stream that broke at once: they may be missing or not in the inventory. */
  callsUncertain(calls: number): void;
}

/** Creates the events of one agent. */
export function createAgentEvents(deps: { readonly logger: Logger; readonly metrics: Metrics }): AgentEvents {
  const { logger, metrics } = deps;
  const restarts = metrics.counter('envoy_restarts_total', 'Ends of Envoy that nobody asked for.');
  const entries = metrics.counter('access_log_entries_total', 'Access log entries taken from Envoy.', ['log']);
  const uncertain = metrics.counter(
    'report_calls_uncertain_total',
    'Calls in reports that may not have reached discovery.',
  );
  return {
    envoyEnded: () => restarts.increment(),
    accessLogReceived: (log, count) => entries.increment({ log }, count),
    callsUncertain(calls) {
      uncertain.increment({}, calls);
      logger.warn({ calls }, 'the stream to discovery broke right after a report; these calls may not be counted');
    },
  };
}
