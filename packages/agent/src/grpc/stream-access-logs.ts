// SPDX-License-Identifier: Apache-2.0
import type { envoy } from '@signet/proto/agent';
import type { BidiHandler, Clock } from '@signet/runtime';
import { flowOfHttpEntry, flowOfTcpEntry, type EntryFlow, type LogName } from '../als/flow-of-entry.ts';
import type { FlowAggregator } from '../als/flow-aggregator.ts';
import type { Transport } from '../als/flow.ts';
import type { AgentEvents } from '../events.ts';

type StreamAccessLogsMessage = envoy.service.accesslog.v3.StreamAccessLogsMessage;
type StreamAccessLogsResponse = envoy.service.accesslog.v3.StreamAccessLogsResponse.$Properties;

/** What the handler works with. */
export interface StreamAccessLogsDeps {
  readonly flows: FlowAggregator;
  readonly events: AgentEvents;
  readonly clock: Clock;
  /** Serial of the certificate that this pod shows over a transport; empty when it shows none. */
  readonly localSerial: (transport: Transport) => string;
}

/** AccessLogService.StreamAccessLogs: counts what Envoy saw. */
export function createStreamAccessLogs(
  deps: StreamAccessLogsDeps,
): BidiHandler<StreamAccessLogsMessage, StreamAccessLogsResponse> {
  const { flows, events, clock, localSerial } = deps;
  return async function* streamAccessLogs(messages) {
    /** Said once, in the first message of a stream. */
    let log: LogName | undefined;
    for await (const message of messages) {
      log = parseLogName(message.identifier?.logName) ?? log;
      if (log === undefined) continue;
      const name = log;
      const found: readonly (EntryFlow | undefined)[] = [
        ...(message.httpLogs?.logEntry ?? []).map((entry) => flowOfHttpEntry(name, entry)),
        ...(message.tcpLogs?.logEntry ?? []).map((entry) => flowOfTcpEntry(name, entry)),
      ];
      const now = clock.now();
      for (const flow of found) {
        if (flow !== undefined) flows.add({ ...flow, localSerial: localSerial(flow.transport) }, now);
      }
      if (found.length > 0) events.accessLogReceived(name, found.length);
    }
    yield {};
  };
}

function parseLogName(name: string | null | undefined): LogName | undefined {
  return name === 'inbound' || name === 'outbound' || name === 'inbound-refused' ? name : undefined;
}
