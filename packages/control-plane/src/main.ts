// SPDX-License-Identifier: Apache-2.0
import {
  ConfigError,
  createLogger,
  loadConfig,
  redactConfig,
  runUntilSignal,
  systemClock,
  type MeshConfig,
} from '@signet/runtime';
import { createControlPlaneApp } from './app.ts';
import { parseCommandLine, usage, type CommandLine } from './command-line.ts';
import { buildControlPlaneSchema } from './config.ts';

const exitUsage = 2;

function refuse(lines: readonly string[]): number {
  process.stderr.write(`${lines.map((line) => `signetd: ${line}`).join('\n')}\n`);
  return exitUsage;
}

async function run(commandLine: CommandLine): Promise<number> {
  const schema = buildControlPlaneSchema(commandLine.components);
  let config: MeshConfig;
  try {
    config = loadConfig({
      schema,
      ...(commandLine.file === undefined ? {} : { file: commandLine.file }),
      env: process.env,
      envPrefix: 'SIGNET',
      flags: commandLine.overrides,
    });
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.problems);
    throw error;
  }
  if (commandLine.printConfig) {
    process.stdout.write(`${JSON.stringify(redactConfig(schema, config), undefined, 2)}\n`);
    return 0;
  }
  const logger = createLogger({ component: 'signetd', level: config.log.level });
  const app = createControlPlaneApp({ names: commandLine.components, config, logger, clock: systemClock });
  return await runUntilSignal(app, logger);
}

async function main(): Promise<number> {
  const parsed = parseCommandLine(process.argv.slice(2), process.env);
  if (!parsed.ok) return refuse([...parsed.error, 'see signetd --help']);
  if (parsed.value.help) {
    process.stdout.write(usage);
    return 0;
  }
  return await run(parsed.value);
}

process.exit(await main());
