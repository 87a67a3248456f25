// SPDX-License-Identifier: Apache-2.0
import type { Flow, FlowKey } from './flow.ts';

/** Counts calls by what they have in common until they are reported. */
export interface FlowAggregator {
  /** Adds one call. */
  add(key: FlowKey, seen: Date): void;
  /** Takes everything out. */
  take(): readonly Flow[];
  /** Puts flows back that could not be reported. */
  restore(flows: readonly Flow[]): void;
  /** Number of distinct flows held. */
  size(): number;
}

/** Failure text of calls whose details were given up because there were too many distinct ones. */
export const overflowFailure = 'details dropped: too many distinct flows';

const defaultFlowsMax = 4_096;

/**
 * Creates an empty aggregator. Beyond `flowsMax` distinct flows, new ones are counted under a key without the peer's
 * details: memory stays bounded, and no call goes uncounted.
 */
export function createFlowAggregator(flowsMax: number = defaultFlowsMax): FlowAggregator {
  let flows = new Map<string, Flow>();

  function merge(key: FlowKey, calls: number, lastSeen: Date): void {
    const own = keyText(key);
    const isRoom = flows.has(own) || flows.size < flowsMax;
    const chosen = isRoom ? key : withoutDetails(key);
    const text = isRoom ? own : keyText(chosen);
    const present = flows.get(text);
    flows.set(text, {
      ...chosen,
      calls: (present?.calls ?? 0) + calls,
      lastSeen: present !== undefined && present.lastSeen > lastSeen ? present.lastSeen : lastSeen,
    });
  }

  return {
    add: (key, seen) => merge(key, 1, seen),
    take() {
      const taken = [...flows.values()];
      flows = new Map();
      return taken;
    },
    restore(taken) {
      for (const flow of taken) merge(flow, flow.calls, flow.lastSeen);
    },
    size: () => flows.size,
  };
}

function withoutDetails(key: FlowKey): FlowKey {
  return {
    isInbound: key.isInbound,
    peerSpiffeId: '',
    peerSerial: '',
    peerAddress: '',
    port: 0,
    transport: key.transport,
    verdict: key.verdict,
    rule: '',
    tlsVersion: '',
    localSerial: '',
    target: '',
    failure: overflowFailure,
  };
}

function keyText(key: FlowKey): string {
  return JSON.stringify([
    key.isInbound,
    key.peerSpiffeId,
    key.peerSerial,
    key.peerAddress,
    key.port,
    key.transport,
    key.verdict,
    key.rule,
    key.tlsVersion,
    key.localSerial,
    key.target,
    key.failure,
  ]);
}
