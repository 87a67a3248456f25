// SPDX-License-Identifier: Apache-2.0
// A process with a life cycle, for lifecycle.int.test.ts: `node lifecycle-program.ts CASE`.
import { createLogger, runUntilSignal, type App } from '../src/index.ts';

const [scenario] = process.argv.slice(2);
const failed = Promise.withResolvers<unknown>();

const app: App = {
  failed: failed.promise,
  isReady: () => true,
  async start() {
    await Promise.resolve();
    if (scenario === 'start-fails') throw new Error('cannot start');
    if (scenario === 'part-fails') setTimeout(() => failed.resolve(new Error('lost')), 20);
    if (scenario === 'throws') setTimeout(() => void Promise.reject(new Error('nobody waits for me')), 20);
    // A server would keep the process alive.
    setInterval(() => {}, 1000);
    process.stdout.write('started\n');
  },
  async stop() {
    await Promise.resolve();
    process.stdout.write('stopped\n');
    if (scenario === 'stop-hangs') await new Promise(() => {});
    if (scenario === 'stop-fails') throw new Error('cannot stop');
  },
};

process.exit(await runUntilSignal(app, createLogger({ component: 'test' })));
