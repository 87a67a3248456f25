// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@signet/model';
import type { Finding as WireFinding } from '@signet/proto';
import { dateToWire } from './timestamp.ts';

/** A finding. */
export function findingToWire(finding: Finding): WireFinding {
  return {
    id: finding.id,
    detector: finding.detector,
    namespace: finding.namespace,
    pod: finding.pod,
    podUid: finding.podUid,
    severity: finding.severity,
    signals: finding.signals.map(({ name, value, isHard }) => ({ name, value, hard: isHard })),
    action: finding.action,
    services: [...finding.services],
    policies: [...finding.policies],
    clears: finding.clears,
    firstSeen: dateToWire(finding.firstSeen),
    message: finding.message,
  };
}
