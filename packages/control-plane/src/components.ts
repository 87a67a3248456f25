// SPDX-License-Identifier: Apache-2.0
import { caConfigShape, createCaApp } from '@signet/ca';
import { configConfigShape, createConfigApp } from '@signet/config';
import { createDiscoveryApp, discoveryConfigShape } from '@signet/discovery';
import type { App, Clock, Logger, Metrics } from '@signet/runtime';
import type { z } from 'zod';

/** What each component gets. */
export interface ComponentDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** A service that signetd can run. */
export interface Component {
  /** Its own part of the configuration file. */
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** `config` was checked against the shared shape and this one. */
  create(config: unknown, deps: ComponentDeps): App;
}

type CaConfig = Parameters<typeof createCaApp>[0]['config'];
type DiscoveryConfig = Parameters<typeof createDiscoveryApp>[0]['config'];
type ConfigConfig = Parameters<typeof createConfigApp>[0]['config'];

/** All components by name; the order is that of starting, and of stopping in reverse. */
export const components = {
  ca: {
    shape: caConfigShape,
    create: (config, deps) => createCaApp({ ...deps, config: config as CaConfig }),
  },
  discovery: {
    shape: discoveryConfigShape,
    create: (config, deps) => createDiscoveryApp({ ...deps, config: config as DiscoveryConfig }),
  },
  config: {
    shape: configConfigShape,
    create: (config, deps) => createConfigApp({ ...deps, config: config as ConfigConfig }),
  },
} as const satisfies Readonly<Record<string, Component>>;

/** Name of a component. */
export type ComponentName = keyof typeof components;

/** True for the name of a component. */
export function isComponentName(name: string): name is ComponentName {
  return Object.hasOwn(components, name);
}
