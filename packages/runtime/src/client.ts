// SPDX-License-Identifier: Apache-2.0
// What a process needs that starts in masses and mostly calls (the agent): without the server side, tokens and metrics, which
// take as long to load as all of this.
export { systemClock, type Clock } from './clock.ts';
export { ConfigError, loadConfig } from './config-loader.ts';
export { createChannel, type Channel, type ChannelOptions } from './grpc/channel.ts';
export { createClient } from './grpc/client.ts';
export { runUntilSignal, type App } from './lifecycle.ts';
export { createLogger, type Logger } from './logger.ts';
export { toSignetError } from './rich-status.ts';
export type { TlsMaterial } from './tls-material.ts';
