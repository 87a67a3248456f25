// SPDX-License-Identifier: Apache-2.0
import type { Logger } from './logger.ts';

/** A part of a process with a lifetime. */
export interface App {
  start(): Promise<void>;
  stop(): Promise<void>;
  isReady(): boolean;
  /** Resolves, with the cause, if the part can no longer do its work; the process then ends with a failure. */
  readonly failed?: Promise<unknown>;
}

const stopTimeoutMs = 15_000;

/** Starts, waits for SIGINT, SIGTERM or a failure, stops. Resolves to the exit code; a second signal ends at once. */
export async function runUntilSignal(app: App, logger: Logger): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const onSignal = (signal: NodeJS.Signals): void => {
    process.once(signal, () => process.exit(130));
    logger.info({ signal }, 'stopping');
    ended.resolve(0);
  };
  const onFault = (error: unknown): void => {
    logger.fatal({ err: error }, 'unhandled failure');
    ended.resolve(1);
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  app.failed?.then(onFault, onFault);
  const code = await Promise.race([
    ended.promise,
    app.start().then(
      () => ended.promise,
      (error: unknown) => {
        logger.fatal({ err: error }, 'start failed');
        return 1;
      },
    ),
  ]);
  const stopCode = await stopInTime(app, logger);
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  process.off('uncaughtException', onFault);
  process.off('unhandledRejection', onFault);
  return code === 0 ? stopCode : code;
}

async function stopInTime(app: App, logger: Logger): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), stopTimeoutMs);
  });
  try {
    const outcome = await Promise.race([app.stop(), late]);
    if (outcome !== 'late') return 0;
    logger.error({ stopTimeoutMs }, 'did not stop in time');
    return 1;
  } catch (error) {
    logger.error({ err: error }, 'stop failed');
    return 1;
  } finally {
    clearTimeout(timer);
  }
}
