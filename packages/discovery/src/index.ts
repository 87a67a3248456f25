// SPDX-License-Identifier: Apache-2.0
export { createDiscoveryApp, type DiscoveryApp, type DiscoveryDeps } from './app.ts';
export { discoveryConfigSchema, discoveryConfigShape, type DiscoveryConfig } from './config.ts';
