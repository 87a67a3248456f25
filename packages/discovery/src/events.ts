// SPDX-License-Identifier: Apache-2.0
import type { Finding, InventorySnapshot } from '@signet/model';
import type { Clock, Logger, Metrics } from '@signet/runtime';

/** One function for each event of discovery: counter and log together. */
export interface DiscoveryEvents {
  published(snapshot: InventorySnapshot, durationMs: number): void;
  findingOpened(finding: Finding): void;
  findingClosed(finding: Finding): void;
  ledgerFollowed(sequence: number): void;
  ledgerLost(problem: string): void;
  sourceEnded(kind: string, problem: string): void;
  fileProblems(problems: readonly string[]): void;
  memoryFailed(error: unknown): void;
  trafficReported(flows: number): void;
}

/** Creates the functions. */
export function createDiscoveryEvents(deps: { logger: Logger; metrics: Metrics; clock: Clock }): DiscoveryEvents {
  const { logger, metrics, clock } = deps;
  const published = metrics.counter('snapshots_total', 'Snapshots published');
  const evaluation = metrics.histogram('evaluation_seconds', 'Time to attest all endpoints');
  const opened = metrics.counter('findings_opened_total', 'Findings opened', ['detector', 'severity']);
  const open = metrics.gauge('findings_open', 'Findings open now');
  const endpoints = metrics.gauge('endpoints', 'Endpoints by verdict', ['offered']);
  const ends = metrics.counter('watch_ends_total', 'Watches of the source that ended', ['kind']);
  const flows = metrics.counter('flows_total', 'Aggregates of calls reported by agents');
  const ledger = metrics.gauge('ledger_followed', '1 while the ledger of the CA is followed');
  let publishedAt = clock.now();
  let lastProblem = '';
  metrics
    .gauge('snapshot_age_seconds', 'Time since the newest snapshot was published')
    .collect(() => (clock.now().getTime() - publishedAt.getTime()) / 1000);

  return {
    published(snapshot, durationMs) {
      publishedAt = clock.now();
      published.increment();
      evaluation.observe(durationMs / 1000);
      const all = [...snapshot.endpoints.values()].flat();
      const offered = all.filter((endpoint) => endpoint.isOffered).length;
      endpoints.set(offered, { offered: 'true' });
      endpoints.set(all.length - offered, { offered: 'false' });
      open.set(snapshot.findings.size);
      logger.debug({ snapshotRevision: snapshot.revision, durationMs }, 'snapshot published');
    },
    findingOpened(finding) {
      const { id, detector, severity, namespace, pod, action, message } = finding;
      opened.increment({ detector, severity });
      const fields = { findingId: id, namespace, pod, severity, action, problem: message, signals: finding.signals };
      if (severity === 'low') logger.info(fields, 'finding opened');
      else logger.warn(fields, 'finding opened');
    },
    findingClosed({ id, namespace, pod }) {
      logger.info({ findingId: id, namespace, pod }, 'finding closed');
    },
    ledgerFollowed(sequence) {
      ledger.set(1);
      lastProblem = '';
      logger.info({ sequence }, 'ledger followed');
    },
    ledgerLost(problem) {
      ledger.set(0);
      if (problem === lastProblem) logger.debug({ problem }, 'ledger not followed');
      else logger.warn({ problem }, 'ledger not followed');
      lastProblem = problem;
    },
    sourceEnded(kind, problem) {
      ends.increment({ kind });
      logger.info({ kind, problem }, 'watch ended');
    },
    fileProblems(problems) {
      for (const problem of problems) logger.warn({ problem }, 'manifest not read');
    },
    memoryFailed(error) {
      logger.error({ err: error }, 'memory of origins and findings not written');
    },
    trafficReported(count) {
      flows.increment({}, count);
    },
  };
}
