// SPDX-License-Identifier: Apache-2.0
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { envoy } from '@signet/proto';

type Message = envoy.service.accesslog.v3.StreamAccessLogsMessage.$Properties;

/** One entry in the terms of README.md. */
export interface LoggedEntry {
  readonly log: string;
  readonly isHttp: boolean;
  readonly accessLogType: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Filter metadata as JSON. */
  readonly metadata: string;
  readonly responseCodeDetails: string;
  readonly isRouteMissing: boolean;
}

/** A server of the access-log service that keeps what it gets. */
export interface AccessLogSink {
  readonly port: number;
  readonly entries: readonly LoggedEntry[];
  stop(): Promise<void>;
}

function entriesOf(log: string, message: Message): readonly LoggedEntry[] {
  const common = (properties: envoy.data.accesslog.v3.AccessLogCommon.$Properties | null | undefined) => ({
    log,
    accessLogType: properties?.accessLogType ?? 0,
    tags: { ...properties?.customTags },
    metadata: JSON.stringify(properties?.metadata?.filterMetadata ?? {}),
    isRouteMissing: properties?.responseFlags?.noRouteFound ?? false,
  });
  return [
    ...(message.httpLogs?.logEntry ?? []).map((entry) => ({
      ...common(entry.commonProperties),
      isHttp: true,
      responseCodeDetails: entry.response?.responseCodeDetails ?? '',
    })),
    ...(message.tcpLogs?.logEntry ?? []).map((entry) => ({
      ...common(entry.commonProperties),
      isHttp: false,
      responseCodeDetails: '',
    })),
  ];
}

/** Cuts gRPC's length-prefixed messages out of a stream. */
function readMessages(stream: ServerHttp2Stream, onMessage: (bytes: Buffer) => void): void {
  let pending = Buffer.alloc(0);
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
      const end = 5 + pending.readUInt32BE(1);
      onMessage(pending.subarray(5, end));
      pending = pending.subarray(end);
    }
  });
}

/** Starts a sink on loopback. */
export async function startAccessLogSink(): Promise<AccessLogSink> {
  const entries: LoggedEntry[] = [];
  const server = createServer();
  server.on('session', (session) => session.on('error', () => undefined));
  server.on('stream', (stream) => {
    let log = '';
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    readMessages(stream, (bytes) => {
      const message = envoy.service.accesslog.v3.StreamAccessLogsMessage.decode(bytes);
      log = message.identifier?.logName ?? log;
      entries.push(...entriesOf(log, message));
    });
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const stop = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: address.port, entries, stop };
}
