// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '@signet/runtime';
import { envoyDirectory, type AgentConfig } from '../config.ts';
import type { EnvoyAdmin } from './admin.ts';
import { buildBootstrap } from './bootstrap.ts';
import { buildEnvoyArguments } from './command-line.ts';
import { findProgram, launchBound, type BoundChild } from './launch.ts';
import { endOrphan, findOrphan, forgetProcess, saveProcess } from './orphan.ts';
import { restartDelayMs } from './restart-delay.ts';

/** Runs Envoy and runs it again when it ends. */
export interface EnvoySupervisor {
  /** Writes the bootstrap, ends an orphan of an earlier agent, starts Envoy. */
  start(): Promise<void>;
  /** Ends Envoy: with `drain` after its connections have gone or the drain time is over. */
  stop(options: { readonly drain: boolean }): Promise<void>;
  /** Ends Envoy at once; for the last moment of the process. */
  kill(): void;
}

/** What the supervisor works with. */
export interface EnvoySupervisorDeps {
  readonly config: AgentConfig;
  readonly admin: EnvoyAdmin;
  readonly logger: Logger;
  /** Called at each end of Envoy that nobody asked for. */
  onUnexpectedExit(): void;
}

const stopTimeoutMs = 3_000;
const drainPollMs = 100;
/** Callers hear of the pod's end from config meanwhile. */
const shortestDrainMs = 500;

/** Creates the supervisor; nothing runs before `start`. */
export function createEnvoySupervisor(deps: EnvoySupervisorDeps): EnvoySupervisor {
  return new ProcessSupervisor(deps);
}

class ProcessSupervisor implements EnvoySupervisor {
  readonly #deps: EnvoySupervisorDeps;
  readonly #bootstrapFile: string;
  readonly #pidFile: string;
  #bound: BoundChild | undefined;
  #ended: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;
  #quickExits = 0;

  constructor(deps: EnvoySupervisorDeps) {
    this.#deps = deps;
    const directory = envoyDirectory(deps.config);
    this.#bootstrapFile = path.join(directory, 'envoy-bootstrap.json');
    this.#pidFile = path.join(directory, 'envoy.pid');
  }

  async start(): Promise<void> {
    mkdirSync(path.dirname(this.#bootstrapFile), { recursive: true });
    const orphan = findOrphan(this.#pidFile, this.#bootstrapFile);
    if (orphan !== undefined) {
      this.#deps.logger.warn({ pid: orphan }, 'ending an Envoy that an earlier agent left behind');
      await endOrphan(orphan);
    }
    if (this.#isStopping) return;
    const draft = `${this.#bootstrapFile}.new`;
    writeFileSync(draft, JSON.stringify(buildBootstrap(this.#deps.config), null, 2), { mode: 0o600 });
    renameSync(draft, this.#bootstrapFile);
    this.#launch();
  }

  async stop({ drain }: { readonly drain: boolean }): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#bound?.child;
    if (child === undefined) return;
    if (drain) await this.#drain();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#isStopping = true;
    this.#bound?.child.kill('SIGKILL');
  }

  #launch(): void {
    const { config, logger } = this.#deps;
    const startedMs = Date.now();
    const bound = launchBound(
      config.envoy.binary,
      buildEnvoyArguments(config, this.#bootstrapFile),
      findProgram('setpriv'),
    );
    this.#bound = bound;
    const { child } = bound;
    if (child.pid !== undefined) saveProcess(this.#pidFile, child.pid);
    logger.info({ pid: child.pid, binary: config.envoy.binary }, 'Envoy started');
    this.#ended = new Promise((resolve) => {
      const onEnd = (outcome: Record<string, unknown>): void => {
        if (this.#bound !== bound) return;
        this.#bound = undefined;
        bound.release();
        forgetProcess(this.#pidFile);
        this.#afterEnd(Date.now() - startedMs, outcome);
        resolve();
      };
      child.once('exit', (code, signal) => onEnd({ code, signal }));
      child.once('error', (cause) => onEnd({ err: cause }));
    });
  }

  #afterEnd(aliveMs: number, outcome: Record<string, unknown>): void {
    const { logger, onUnexpectedExit } = this.#deps;
    if (this.#isStopping) {
      logger.info(outcome, 'Envoy ended');
      return;
    }
    onUnexpectedExit();
    const next = restartDelayMs({ aliveMs, quickExits: this.#quickExits });
    this.#quickExits = next.quickExits;
    logger.error({ ...outcome, aliveMs, delayMs: next.delayMs }, 'Envoy ended unexpectedly, starting it again');
    this.#restart = setTimeout(() => this.#launch(), next.delayMs);
  }

  async #drain(): Promise<void> {
    const { admin, config, logger } = this.#deps;
    const startedMs = Date.now();
    const longestMs = config.envoy.drainTimeSeconds * 1_000;
    try {
      await admin.drain();
    } catch (cause) {
      logger.warn({ err: cause }, 'Envoy could not be told to drain');
      return;
    }
    while (this.#bound !== undefined && Date.now() - startedMs < longestMs) {
      const active = await admin.activeConnections();
      if (active === undefined || (active === 0 && Date.now() - startedMs >= shortestDrainMs)) return;
      await new Promise((resolve) => setTimeout(resolve, drainPollMs));
    }
  }
}
