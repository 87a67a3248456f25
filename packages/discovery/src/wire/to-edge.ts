// SPDX-License-Identifier: Apache-2.0
import type { Edge as WireEdge } from '@signet/proto';
import type { Edge } from '../edges/edge-table.ts';
import { dateToWire } from './timestamp.ts';

/** An edge. */
export function edgeToWire({ lastSeen, ...edge }: Edge): WireEdge {
  return { ...edge, lastSeen: dateToWire(lastSeen) };
}
