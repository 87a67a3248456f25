// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import { createServer as createTcp, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { agentConfigShape, type AgentConfig } from '@signet/agent';
import { findFreePort } from '@signet/testing';
import { createStatusServer, type StatusServer } from '../../src/status/status-server.ts';

const probesShape = agentConfigShape.shape.probes;
const open: { close(): unknown }[] = [];
let status: StatusServer | undefined;

afterEach(async () => {
  await status?.stop();
  for (const server of open.splice(0)) server.close();
});

function listen(server: HttpServer | Http2Server | Server): Promise<number> {
  open.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

async function startStatus(probes: AgentConfig['probes'], missing: readonly string[] = []): Promise<string> {
  status = createStatusServer({
    host: '127.0.0.1',
    port: 0,
    probes,
    missing: () => Promise.resolve(missing),
    renderMetrics: () => Promise.resolve('# HELP one\n'),
  });
  return `http://127.0.0.1:${await status.start()}`;
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

/** grpc.health.v1.Health as a real server frames it; the status is the message's one byte. */
function createHealthServer(answers: Readonly<Record<string, number>>): Http2Server {
  const server = createHttp2();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const service = Buffer.concat(chunks).subarray(7).toString();
      const isCheck = headers[':path'] === '/grpc.health.v1.Health/Check';
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isCheck ? '0' : '12' }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, answers[service] ?? 2]));
    });
  });
  return server;
}

test('an HTTP probe calls the application with its path and headers, and judges as the kubelet does', async () => {
  const seen: (string | undefined)[] = [];
  const port = await listen(
    createHttp((request, response) => {
      seen.push(`${request.url ?? ''} ${String(request.headers['x-probe'])}`);
      response.writeHead(request.url === '/moved' ? 302 : request.url === '/ok' ? 200 : 500).end();
    }),
  );
  const get = (path: string) => ({ httpGet: { path, port, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } });
  const base = await startStatus(
    probesShape.parse({ web: { livez: get('/ok'), readyz: get('/bad'), startupz: get('/moved') } }),
  );
  expect(await statusOf(`${base}/app-health/web/livez`)).toBe(200);
  expect(await statusOf(`${base}/app-health/web/readyz`)).toBe(503);
  expect(await statusOf(`${base}/app-health/web/startupz`)).toBe(200);
  expect(seen).toEqual(['/ok yes', '/bad yes', '/moved yes']);
});

test('an application that does not answer in time is not healthy', async () => {
  const port = await listen(createHttp(() => undefined));
  const base = await startStatus(probesShape.parse({ web: { livez: { httpGet: { port }, timeoutSeconds: 0.1 } } }));
  expect(await statusOf(`${base}/app-health/web/livez`)).toBe(503);
});

test('a TCP probe connects', async () => {
  const port = await listen(createTcp((socket) => socket.end()));
  const closed = await findFreePort();
  const base = await startStatus(
    probesShape.parse({ db: { livez: { tcpSocket: { port } }, readyz: { tcpSocket: { port: closed } } } }),
  );
  expect(await statusOf(`${base}/app-health/db/livez`)).toBe(200);
  expect(await statusOf(`${base}/app-health/db/readyz`)).toBe(503);
});

test('a gRPC probe asks the health service, for the whole server and for one service', async () => {
  const port = await listen(createHealthServer({ '': 1, 'shop.Cart': 1, 'shop.Sick': 2 }));
  const grpc = (service: string) => ({ grpc: { port, service } });
  const base = await startStatus(
    probesShape.parse({ cart: { livez: grpc(''), readyz: grpc('shop.Cart'), startupz: grpc('shop.Sick') } }),
  );
  expect(await statusOf(`${base}/app-health/cart/livez`)).toBe(200);
  expect(await statusOf(`${base}/app-health/cart/readyz`)).toBe(200);
  expect(await statusOf(`${base}/app-health/cart/startupz`)).toBe(503);
});

test('what was not rewritten is not called', async () => {
  const base = await startStatus(probesShape.parse({ web: {} }));
  expect(await statusOf(`${base}/app-health/web/livez`)).toBe(404);
  expect(await statusOf(`${base}/app-health/__proto__/livez`)).toBe(404);
  expect(await statusOf(`${base}/app-health/web/../../etc`)).toBe(404);
});

test('readiness names what is missing', async () => {
  const base = await startStatus({}, ['certificate']);
  const response = await fetch(`${base}/healthz/ready`);
  expect(response.status).toBe(503);
  expect(await response.text()).toBe('missing: certificate\n');
  expect(await statusOf(`${base}/metrics`)).toBe(200);
});
