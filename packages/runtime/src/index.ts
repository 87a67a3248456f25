// SPDX-License-Identifier: Apache-2.0
export { parseCertificateNames, type CertificateNames } from './certificate-names.ts';
export { systemClock, type Clock } from './clock.ts';
export { limitConnections } from './connection-limit.ts';
export { formatEnvName, listConfigLeaves, secretText, type ConfigLeaf } from './config-leaves.ts';
export { ConfigError, loadConfig, redactConfig, type ConfigSources } from './config-loader.ts';
export { grpcCodeNameOf, httpStatusOf } from './error-status.ts';
export type { CallContext, PeerCertificate } from './grpc/call-context.ts';
export { createChannel, type Channel, type ChannelOptions } from './grpc/channel.ts';
export {
  createClient,
  type BidiCall,
  type BidiStream,
  type CallControl,
  type ServerStreamCall,
  type ServiceClient,
  type UnaryCall,
} from './grpc/client.ts';
export { createGrpcServer, type GrpcServer, type GrpcServerOptions, type Listener } from './grpc/server.ts';
export {
  service,
  untypedService,
  type BidiHandler,
  type HandlersOf,
  type ServerStreamHandler,
  type ServiceRegistration,
  type UnaryHandler,
} from './grpc/service-registration.ts';
export { createUnixGrpcServer, type UnixGrpcServer } from './grpc/unix-server.ts';
export { createHealthServer, type HealthServer } from './health-server.ts';
export type { JwksLocation } from './jwks-source.ts';
export { runUntilSignal, type App } from './lifecycle.ts';
export { createLogger, type Logger } from './logger.ts';
export { listenPort, meshConfigSchema, meshConfigShape, type MeshConfig } from './mesh-config.ts';
export {
  createMetrics,
  type CounterMetric,
  type GaugeMetric,
  type HistogramMetric,
  type MetricDescription,
  type MetricLabels,
  type Metrics,
} from './metrics.ts';
export { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
export { toSignetError } from './rich-status.ts';
export type { TlsMaterial } from './tls-material.ts';
export { createTokenVerifier, type TokenFailure, type TokenVerifier, type VerifiedToken } from './token-verifier.ts';
