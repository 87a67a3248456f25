// SPDX-License-Identifier: Apache-2.0
// A server on a Unix socket and metrics, without TLS listeners' tokens: the agent's second half.
export {
  service,
  untypedService,
  type BidiHandler,
  type ServiceRegistration,
  type UnaryHandler,
} from './grpc/service-registration.ts';
export { createUnixGrpcServer, type UnixGrpcServer } from './grpc/unix-server.ts';
export { createMetrics, type Metrics } from './metrics.ts';
