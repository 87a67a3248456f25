// SPDX-License-Identifier: Apache-2.0
export {
  startEnvoy,
  validateEnvoyConfig,
  validateEnvoyConfigs,
  type EnvoyBootstrap,
  type EnvoyOptions,
  type EnvoyVerdict,
  type TestEnvoy,
} from './envoy.ts';
export { findFreePort, findFreePorts } from './free-port.ts';
export { startKubernetes, type KubernetesCluster, type KubernetesOptions } from './kubernetes.ts';
export { startPostgres, type PostgresOptions, type PostgresServer, type TestDatabase } from './postgres.ts';
export { startRealProcess, type RealProcess, type RealProcessOptions } from './real-process.ts';
export {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateRequest,
} from './test-authority.ts';
export { envoyBinary, envoyVersions, goClientBinary, kubernetesBinary } from './tool-paths.ts';
export { waitFor, type WaitOptions } from './wait-for.ts';
