// SPDX-License-Identifier: Apache-2.0
// signet-sample: `main.ts [--http PORT] [--grpc PORT] [--tcp PORT] [--banner PORT] [--call URL …]` serves and calls;
// `main.ts call URL… [--count N]` calls and prints the results as JSON.
import type { Server } from 'node:net';
import { startCaller } from './caller.ts';
import { createConnectionCounter } from './connection-counter.ts';
import { createGrpcSampleServer } from './grpc-server.ts';
import { createHttpServer } from './http-server.ts';
import { readIdentity } from './identity.ts';
import { callOnce } from './one-shot.ts';
import { parseOneShotOptions, parseServeOptions, type ServeOptions } from './sample-options.ts';
import { createTcpServer } from './tcp-server.ts';

function serve(options: ServeOptions): void {
  const identity = readIdentity(options.name, process.env);
  const counter = createConnectionCounter(process.env['HOST_IP']);
  const caller = startCaller(options);
  const servers: Server[] = [];
  const listen = (ports: readonly number[], create: () => Server): void => {
    for (const port of ports) servers.push(create().listen(port, '0.0.0.0'));
  };
  listen(options.http, () => createHttpServer({ identity, caller, counter }));
  listen(options.grpc, () => createGrpcSampleServer({ identity, counter }));
  listen(options.tcp, () => createTcpServer({ identity, counter, isServerFirst: false }));
  listen(options.banner, () => createTcpServer({ identity, counter, isServerFirst: true }));
  process.once('SIGTERM', () => {
    caller.stop();
    for (const server of servers) server.close();
    // Connections that are still in use get a moment; then the process ends whatever is open.
    setTimeout(() => process.exit(0), 1000).unref();
  });
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'call') {
  const results = await callOnce(parseOneShotOptions(rest));
  // A name that is still being looked up after its time limit would keep the process.
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
} else {
  serve(parseServeOptions(process.argv.slice(2)));
}
