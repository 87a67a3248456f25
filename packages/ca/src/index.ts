// SPDX-License-Identifier: Apache-2.0
export { createCaApp, type CaApp, type CaDeps } from './app.ts';
export { caConfigSchema, caConfigShape, type CaConfig } from './config.ts';
