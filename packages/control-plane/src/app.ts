// SPDX-License-Identifier: Apache-2.0
import {
  createHealthServer,
  createLogger,
  createMetrics,
  listenPort,
  type App,
  type Clock,
  type Logger,
  type MeshConfig,
  type Metrics,
} from '@signet/runtime';
import { components, type ComponentName } from './components.ts';

interface Part {
  readonly name: ComponentName;
  readonly app: App;
  readonly metrics: Metrics;
}

function watchFailures(parts: readonly Part[]): Promise<unknown> {
  return new Promise((resolve) => {
    for (const { name, app } of parts) {
      const report = (cause: unknown): void => resolve(new Error(`${name} failed`, { cause }));
      app.failed?.then(report, report);
    }
  });
}

async function stopAll(parts: readonly Part[], logger: Logger): Promise<void> {
  const failures: unknown[] = [];
  // Backwards: those that depend on the CA go before it.
  for (const { name, app } of parts.toReversed()) {
    try {
      await app.stop();
    } catch (error) {
      logger.error({ stopped: name, err: error }, 'component did not stop cleanly');
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'components did not stop cleanly');
}

/** Composes components into one process with one health server. The failure of one is the failure of all. */
export function createControlPlaneApp(o: {
  readonly names: readonly ComponentName[];
  readonly config: MeshConfig;
  readonly logger: Logger;
  readonly clock: Clock;
}): App {
  const parts = o.names.map((name): Part => {
    const metrics = createMetrics(name);
    const logger = createLogger({ component: name, level: o.config.log.level });
    return { name, metrics, app: components[name].create(o.config, { logger, metrics, clock: o.clock }) };
  });
  const isReady = (): boolean => parts.every(({ app }) => app.isReady());
  const health = createHealthServer({
    host: o.config.listen.host,
    port: listenPort(o.config, 'health'),
    metrics: parts.map(({ metrics }) => metrics),
    isReady,
  });
  return {
    failed: watchFailures(parts),
    isReady,
    async start() {
      const port = await health.start();
      o.logger.info({ port, components: o.names }, 'health server listens');
      // Together: each waits by itself for what it needs of the others.
      await Promise.all(parts.map(({ app }) => app.start()));
      o.logger.info({ components: o.names }, 'started');
    },
    async stop() {
      try {
        await stopAll(parts, o.logger);
      } finally {
        await health.stop();
      }
    },
  };
}
