// SPDX-License-Identifier: Apache-2.0
// Runs inside the cluster's namespaces: `cluster-main.ts CONFIG`, with the line to the launcher on file descriptor 3.
import { readClusterConfig } from './cluster-config.ts';
import { startCluster } from './cluster.ts';
import { openLauncherChannel } from './launcher-channel.ts';

const channel = openLauncherChannel(3);
const configFile = process.argv[2];
if (configFile === undefined) throw new Error('usage: cluster-main.ts CONFIG');
// Signals go to the launcher, which asks for the end over the line.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
try {
  const cluster = await startCluster(readClusterConfig(configFile), channel);
  channel.send({ type: 'ready' });
  await channel.stopRequested;
  await cluster.stop();
  process.exit(0);
} catch (error) {
  channel.send({ type: 'failed', text: error instanceof Error ? error.message : String(error) });
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  setTimeout(() => process.exit(1), 100);
}
