// SPDX-License-Identifier: Apache-2.0
import type { AppProtocol } from '@signet/model';

const serverFirst = ['mysql', 'smtp', 'ftp', 'imap', 'pop3', 'ssh'];

const protocols = new Map<string, AppProtocol>([
  ['http', 'http'],
  ['http1', 'http'],
  ['ws', 'http'],
  ['grpc-web', 'http'],
  ['http2', 'http2'],
  ['h2c', 'http2'],
  ['grpc', 'grpc'],
  ['https', 'tls'],
  ['tls', 'tls'],
  ['wss', 'tls'],
  ['tcp', 'tcp'],
  ...serverFirst.map((name): [string, AppProtocol] => [name, 'server-first']),
]);

/**
 * Protocol of a port: `appProtocol` decides, else the name up to a dash, as Istio reads both. What is not known is TCP;
 * protocols in which the client speaks first (postgres, redis, mongo) need nothing more.
 */
export function appProtocolOf(appProtocol: string, portName: string): AppProtocol {
  if (appProtocol !== '') return protocols.get(appProtocol.toLowerCase().replace(/^kubernetes\.io\//, '')) ?? 'tcp';
  const name = portName.toLowerCase();
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'http';
  return protocols.get(name.split('-')[0] ?? '') ?? 'tcp';
}
