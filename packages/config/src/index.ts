// SPDX-License-Identifier: Apache-2.0
export { createConfigApp, type ConfigAppDeps } from './app.ts';
export { configConfigShape, type ConfigAppConfig } from './config.ts';
