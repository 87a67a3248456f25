// SPDX-License-Identifier: Apache-2.0
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Probe } from '../config.ts';

/** What came of a probe. */
export interface ProbeOutcome {
  readonly isHealthy: boolean;
  /** What was seen, for the kubelet's event. */
  readonly message: string;
}

const loopback = '127.0.0.1';

/** Runs a container's original probe against the application on the pod's loopback; judges as the kubelet does. */
export async function runProbe(probe: Probe): Promise<ProbeOutcome> {
  const timeoutMs = probe.timeoutSeconds * 1_000;
  try {
    if ('httpGet' in probe) return await probeHttp(probe.httpGet, timeoutMs);
    if ('tcpSocket' in probe) return await probeTcp(probe.tcpSocket.port, timeoutMs);
    return await probeGrpc(probe.grpc, timeoutMs);
  } catch (cause) {
    return { isHealthy: false, message: cause instanceof Error ? cause.message : String(cause) };
  }
}

type HttpGet = Extract<Probe, { httpGet: unknown }>['httpGet'];

function probeHttp(target: HttpGet, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { 'user-agent': 'kube-probe/signet', accept: '*/*' };
    for (const { name, value } of target.httpHeaders) headers[name.toLowerCase()] = value;
    const options = { host: loopback, port: target.port, path: target.path, headers, agent: false, timeout: timeoutMs };
    const outgoing =
      target.scheme === 'HTTPS'
        ? // The kubelet does not verify either: the probe asks for health, not for identity.
          requestHttps({ ...options, rejectUnauthorized: false })
        : requestHttp(options);
    const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), timeoutMs);
    outgoing.on('response', (incoming) => {
      clearTimeout(timer);
      const status = incoming.statusCode ?? 0;
      resolve({ isHealthy: status >= 200 && status < 400, message: `status ${status}` });
      outgoing.destroy();
    });
    outgoing.on('error', (cause) => {
      clearTimeout(timer);
      reject(cause);
    });
    outgoing.end();
  });
}

function probeTcp(port: number, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: loopback, port });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no connection in time')));
    socket.on('error', reject);
    socket.on('connect', () => {
      resolve({ isHealthy: true, message: 'connected' });
      socket.destroy();
    });
  });
}

/** grpc.health.v1.HealthCheckResponse with status SERVING: field 1, varint 1. */
const servingResponse = Buffer.from([0x08, 0x01]);

function probeGrpc(
  target: { readonly port: number; readonly service: string },
  timeoutMs: number,
): Promise<ProbeOutcome> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://${loopback}:${target.port}`);
    const timer = setTimeout(() => finish(new Error('no answer in time')), timeoutMs);
    const finish = (outcome: ProbeOutcome | Error): void => {
      clearTimeout(timer);
      session.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    session.on('error', finish);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    stream.on('error', finish);
    stream.on('data', (chunk: Buffer) => {
      if (chunks.length < 64) chunks.push(chunk);
    });
    stream.on('end', () => {
      const isHealthy = Buffer.concat(chunks).subarray(5).equals(servingResponse);
      finish({ isHealthy, message: isHealthy ? 'SERVING' : 'the health service does not say SERVING' });
    });
    stream.end(frameGrpcMessage(encodeHealthCheckRequest(target.service)));
  });
}

/** HealthCheckRequest: field 1, the service's name, left out when empty. */
function encodeHealthCheckRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  if (name.length === 0) return name;
  if (name.length > 127) throw new Error('the service name of a gRPC probe is longer than 127 bytes');
  return Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

function frameGrpcMessage(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
