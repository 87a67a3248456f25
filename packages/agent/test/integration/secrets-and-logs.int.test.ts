// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { normaliseSerial } from '@signet/model';
import type { Flow__Output } from '@signet/proto';
import { findFreePorts, startEnvoy, waitFor, type TestCertificate, type TestEnvoy } from '@signet/testing';
import { createAgentBench, podId, type AgentBench } from '../agent-bench.ts';
import { buildProxyBootstrap } from '../proxy-bootstrap.ts';

jest.setTimeout(60_000);
const callerId = 'spiffe://cluster.local/ns/shop/sa/frontend';
let bench: AgentBench;
let proxy: TestEnvoy;
let application: Server;
let caller: TestCertificate;
let ports = { mtls: 0, simpleTls: 0, strictTcp: 0 };

beforeAll(async () => {
  bench = await createAgentBench({ config: { reportIntervalSeconds: 3_600 } });
  caller = bench.controlPlane().root.issue({ uris: [callerId] });
  bench.startAgent();
  await bench.waitUntilReady();
  application = createServer((_request, response) => response.end('hello'));
  const applicationPort = await new Promise<number>((resolve) => {
    application.listen(0, '127.0.0.1', () => {
      const address = application.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const [mtls = 0, simpleTls = 0, strictTcp = 0] = await findFreePorts(3);
  ports = { mtls, simpleTls, strictTcp };
  proxy = await startEnvoy({
    bootstrap: buildProxyBootstrap(bench.socketPath, { ...ports, application: applicationPort }),
  });
  await waitFor(async () => (await proxy.admin('ready')).includes('LIVE'));
});
afterAll(async () => {
  await proxy.stop();
  application.closeAllConnections();
  application.close();
  await bench.stop();
});

interface Answer {
  readonly status: number;
  readonly certificate: PeerCertificate;
}

function call(port: number, path: string, withCertificate: boolean): Promise<Answer> {
  const pair = withCertificate ? { key: caller.keyPem, cert: caller.chainPem } : {};
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        ca: bench.controlPlane().rootPem,
        agent: false,
        servername: 'checkout.shop.svc.cluster.local',
        ...(withCertificate ? { checkServerIdentity: () => undefined } : {}),
        ...pair,
      },
      (incoming) => {
        const socket = incoming.socket;
        const certificate =
          'getPeerCertificate' in socket ? (socket as ReturnType<typeof connectTls>).getPeerCertificate() : undefined;
        incoming.resume();
        incoming.on('end', () => {
          if (certificate === undefined) reject(new Error('no TLS'));
          else resolve({ status: incoming.statusCode ?? 0, certificate });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

let lastRequest = 0;

/** Flows that the agent reports when asked. */
async function requestFlows(): Promise<readonly Flow__Output[]> {
  lastRequest += 1;
  const requestId = lastRequest;
  const { reports } = bench.controlPlane();
  await waitFor(() => bench.controlPlane().requestReport(requestId) > 0, { what: 'an agent on the report stream' });
  await waitFor(() => reports.some((report) => report.requestId === requestId), {
    what: 'the report that was asked for',
  });
  return reports.flatMap((report) => report.flows);
}

test('the proxy shows the certificate that the agent got, and calls are counted with both serials', async () => {
  const serial = bench.records().find((record) => record.profile === 'workload')?.serial;
  const allowed = await call(ports.mtls, '/read', true);
  expect(allowed.status).toBe(200);
  expect(normaliseSerial(allowed.certificate.serialNumber)).toBe(serial);
  expect((await call(ports.mtls, '/read', true)).status).toBe(200);
  expect((await call(ports.mtls, '/write', true)).status).toBe(403);
  const flows = (await requestFlows()).filter((flow) => flow.port === ports.mtls);
  const common = {
    inbound: true,
    peerSpiffeId: callerId,
    peerSerial: caller.serial,
    peerAddress: '127.0.0.1',
    localSerial: serial,
    transport: 'mtls',
  };
  expect(flows).toMatchObject([
    { ...common, verdict: 'ALLOWED', rule: 'AuthorizationPolicy/shop/readers/0', calls: 2, tlsVersion: 'TLSv1.3' },
    { ...common, verdict: 'DENIED', rule: '', calls: 1 },
  ]);
});

test('the serving certificate comes on demand, with names that verify', async () => {
  const { status, certificate } = await call(ports.simpleTls, '/read', false);
  expect(status).toBe(200);
  const serving = bench.records().find((record) => record.profile === 'serving');
  expect(normaliseSerial(certificate.serialNumber)).toBe(serving?.serial);
  expect(certificate.subjectaltname).toContain('DNS:checkout.shop.svc.cluster.local');
  expect(certificate.subjectaltname).toContain(podId);
  const flows = (await requestFlows()).filter((flow) => flow.port === ports.simpleTls);
  expect(flows).toMatchObject([
    { transport: 'tls', peerSpiffeId: '', peerSerial: '', localSerial: serving?.serial, verdict: 'ALLOWED', calls: 1 },
  ]);
});

test('a caller in plaintext is reported as refused, with its address', async () => {
  await new Promise<void>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: ports.strictTcp });
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
  const flows = (await requestFlows()).filter((flow) => flow.port === ports.strictTcp);
  expect(flows).toMatchObject([
    { inbound: true, verdict: 'DENIED', peerAddress: '127.0.0.1', failure: 'transport not accepted', calls: 1 },
  ]);
});

test('a caller without a certificate is reported with the failure of the handshake', async () => {
  await new Promise<void>((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port: ports.strictTcp, rejectUnauthorized: false }, () =>
      socket.write('hello'),
    );
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
  const flows = (await requestFlows()).filter((flow) => flow.failure.includes('PEER_DID_NOT_RETURN_A_CERTIFICATE'));
  expect(flows).toMatchObject([{ port: ports.strictTcp, verdict: 'DENIED', calls: 1 }]);
});

test('nothing is lost while discovery is away', async () => {
  await bench.stopControlPlane();
  for (let index = 0; index < 5; index += 1) expect((await call(ports.mtls, '/read', true)).status).toBe(200);
  await bench.startControlPlane();
  const total = async (): Promise<number> =>
    (await requestFlows())
      .filter((flow) => flow.port === ports.mtls && flow.verdict === 'ALLOWED')
      .reduce((sum, flow) => sum + flow.calls, 0);
  expect(await waitFor(async () => (await total()) === 5, { what: 'the five calls' })).toBe(true);
});
