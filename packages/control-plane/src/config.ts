// SPDX-License-Identifier: Apache-2.0
import { meshConfigShape, type MeshConfig } from '@signet/runtime';
import { z } from 'zod';
import { components, type Component, type ComponentName } from './components.ts';

type Shape = Record<string, z.ZodType>;

/**
 * The schema of one file for these components: the shared settings, each component's own, and, so that one file can
 * serve several processes, those of the components that do not run here, which are checked only when present.
 */
export function buildControlPlaneSchema(names: readonly ComponentName[]): z.ZodType<MeshConfig> {
  const own: Shape = {};
  const others: Shape = {};
  for (const [name, component] of Object.entries<Component>(components)) {
    if (names.includes(name as ComponentName)) Object.assign(own, component.shape);
    else for (const [key, schema] of Object.entries(component.shape)) others[key] = schema.optional();
  }
  return z.strictObject({ ...others, ...meshConfigShape, ...own }) as unknown as z.ZodType<MeshConfig>;
}

/** The schema of a component's own settings alone, for documents. */
export function buildComponentSchema(name: ComponentName): z.ZodType {
  return z.strictObject({ ...components[name].shape });
}
