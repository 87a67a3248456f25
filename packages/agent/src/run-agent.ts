// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { ConfigError, createLogger, loadConfig, runUntilSignal, systemClock } from '@signet/runtime/client';
import { createAgentApp } from './app.ts';
import { agentConfigShape, type AgentConfig } from './config.ts';

/** Runs the agent until a signal: SIGTERM drains Envoy first, SIGINT does not. Resolves to the exit code. */
export async function runAgent(args: readonly string[]): Promise<number> {
  let config: AgentConfig;
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } });
    if (values.config === undefined) throw new ConfigError(['say --config FILE']);
    config = loadConfig({ schema: agentConfigShape, file: values.config, env: process.env, envPrefix: 'SIGNET' });
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
    return 2;
  }
  const logger = createLogger({ component: 'agent', level: config.log.level }).child({
    namespace: config.pod.namespace,
    pod: config.pod.name,
  });
  const app = createAgentApp({ config, logger, clock: systemClock });
  process.once('SIGINT', () => app.skipDrain());
  return await runUntilSignal(app, logger);
}
