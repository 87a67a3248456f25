// SPDX-License-Identifier: Apache-2.0
export { createControlPlaneApp } from './app.ts';
export { components, isComponentName, type Component, type ComponentName } from './components.ts';
export { buildComponentSchema, buildControlPlaneSchema } from './config.ts';
