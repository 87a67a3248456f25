// SPDX-License-Identifier: Apache-2.0
import type { AgentConfig } from '../config.ts';

/** Arguments of the Envoy program. */
export function buildEnvoyArguments(config: AgentConfig, bootstrapFile: string): readonly string[] {
  const { concurrency, drainTimeSeconds, logLevel, logPath } = config.envoy;
  return [
    ...['--config-path', bootstrapFile],
    ...['--concurrency', String(concurrency)],
    ...['--drain-time-s', String(drainTimeSeconds)],
    // HTTP/1.1 callers are told at their next response, HTTP/2 callers at once.
    ...['--drain-strategy', 'immediate'],
    // Shared memory and abstract sockets of hot restart would be common to every pod of a machine.
    '--disable-hot-restart',
    // A newer control plane may send fields that this Envoy does not know; statistics count them.
    '--allow-unknown-static-fields',
    ...['--log-level', logLevel],
    ...['--log-format', '%Y-%m-%dT%T.%eZ %l envoy %n %v'],
    ...(logPath === undefined ? [] : ['--log-path', logPath]),
  ];
}
