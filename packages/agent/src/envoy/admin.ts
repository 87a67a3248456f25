// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:http';

/** What the agent asks of Envoy's admin endpoint. */
export interface EnvoyAdmin {
  /** Envoy has its first configuration and serves. */
  isLive(): Promise<boolean>;
  /** Listeners stop taking connections after telling callers to go. */
  drain(): Promise<void>;
  /** Open connections of all listeners but the admin one; undefined when Envoy does not answer. */
  activeConnections(): Promise<number | undefined>;
}

const callTimeoutMs = 1_000;
const answerBytesMax = 1 << 20;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Creates a client of the admin endpoint on the pod's loopback. */
export function createEnvoyAdmin(port: number): EnvoyAdmin {
  const call = (method: 'GET' | 'POST', path: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, method, path, timeout: callTimeoutMs, agent: false },
        (incoming) => {
          let body = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => {
            body += chunk;
            if (body.length > answerBytesMax) outgoing.destroy(new Error('answer of the admin endpoint is too long'));
          });
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
          incoming.on('error', reject);
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('the admin endpoint does not answer')));
      outgoing.on('error', reject);
      outgoing.end();
    });

  return {
    async isLive() {
      try {
        return (await call('GET', '/ready')).status === 200;
      } catch {
        return false;
      }
    },
    async drain() {
      await call('POST', '/drain_listeners?graceful');
    },
    async activeConnections() {
      try {
        const { status, body } = await call('GET', '/stats?filter=%5Elistener%5C..*downstream_cx_active%24');
        return status === 200 ? sumActive(body) : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** Adds up `listener.<address>.downstream_cx_active: <n>` lines; a listener's workers report parts of the same number. */
export function sumActive(stats: string): number {
  let sum = 0;
  for (const line of stats.split('\n')) {
    const match = /^listener\.(.+)\.downstream_cx_active: (\d+)$/.exec(line.trim());
    const [, name = '', count = '0'] = match ?? [];
    if (match !== null && name !== 'admin' && !/\.(worker_\d+|main_thread)$/.test(name)) sum += Number(count);
  }
  return sum;
}
