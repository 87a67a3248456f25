// SPDX-License-Identifier: Apache-2.0
import type { ClusterSource } from '@signet/kube';
import type { EdgeTable } from './edges/edge-table.ts';
import type { TrafficReporters } from './edges/traffic-reporters.ts';
import type { DiscoveryEvents } from './events.ts';
import type { AttestationLoop } from './inventory/attestation-loop.ts';
import type { InventoryView } from './inventory/inventory-view.ts';
import type { LedgerFollower } from './ledger/ledger-follower.ts';

/** What the RPCs work with. */
export interface DiscoveryContext {
  readonly source: Pick<ClusterSource, 'resync'>;
  readonly view: InventoryView;
  readonly loop: Pick<AttestationLoop, 'evaluate'>;
  readonly follower: Pick<LedgerFollower, 'ledger' | 'lookup'>;
  readonly edges: EdgeTable;
  readonly reporters: TrafficReporters;
  readonly events: DiscoveryEvents;
}
