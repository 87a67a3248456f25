// SPDX-License-Identifier: Apache-2.0
import type { Flow as WireFlow, TrafficReport } from '@signet/proto';
import type { Logger } from '@signet/runtime';
import type { Flow } from './flow.ts';
import type { FlowAggregator } from './flow-aggregator.ts';

/** An open stream to discovery. */
export interface ReportStream {
  /** Resolves when the transport has taken the message; rejects when the stream is gone. */
  send(report: TrafficReport): Promise<void>;
  end(): void;
  cancel(): void;
  readonly responses: AsyncIterable<{ readonly requestId: number }>;
}

/** Hands aggregates to discovery. */
export interface TrafficReporter {
  start(): void;
  /** Reports what is left, as far as discovery takes it, and ends. */
  stop(): Promise<void>;
}

/** What the reporter works with. */
export interface TrafficReporterDeps {
  readonly flows: FlowAggregator;
  readonly openStream: () => ReportStream;
  readonly intervalMs: number;
  /** Asks Envoy's log buffers to be waited for before a requested report is sent, milliseconds. */
  readonly settleMs: number;
  readonly logger: Logger;
  /** Calls that were sent on a stream which broke soon after: they may or may not have arrived. */
  onUncertain(calls: number): void;
}

const firstDelayMs = 200;
const longestDelayMs = 5_000;
const flowsPerReportMax = 500;
/** A report older than this has arrived, or the stream would have broken before. */
const arrivalMs = 2_000;

/** Creates the reporter; it opens its stream at `start` and again whenever it breaks. */
export function createTrafficReporter(deps: TrafficReporterDeps): TrafficReporter {
  return new StreamReporter(deps);
}

class StreamReporter implements TrafficReporter {
  readonly #deps: TrafficReporterDeps;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #stream: ReportStream | undefined;
  /** The newest report of the present stream. */
  #newest = { calls: 0, sentMs: 0 };

  constructor(deps: TrafficReporterDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    const stream = this.#stream;
    this.#stop.abort();
    if (stream !== undefined) {
      await this.#report(stream, 0).catch(() => undefined);
      stream.end();
    }
    const patience = setTimeout(() => stream?.cancel(), 1_000);
    await this.#loop;
    clearTimeout(patience);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const openedMs = Date.now();
      await this.#serveStream();
      failures = Date.now() - openedMs > longestDelayMs ? 0 : failures + 1;
      await this.#pause(Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10)));
    }
  }

  /** Runs one stream until it ends. */
  async #serveStream(): Promise<void> {
    const { logger, intervalMs, settleMs } = this.#deps;
    const stream = this.#deps.openStream();
    this.#stream = stream;
    this.#newest = { calls: 0, sentMs: 0 };
    const reportQuietly = (requestId: number): void => {
      this.#report(stream, requestId).catch((cause: unknown) => {
        logger.debug({ err: cause }, 'a traffic report could not be sent');
        stream.cancel();
      });
    };
    const timer = setInterval(() => reportQuietly(0), intervalMs);
    const answers = new Set<NodeJS.Timeout>();
    try {
      for await (const { requestId } of stream.responses) {
        const answer = setTimeout(() => {
          answers.delete(answer);
          reportQuietly(requestId);
        }, settleMs);
        answers.add(answer);
      }
    } catch (cause) {
      if (!this.#stop.signal.aborted) {
        logger.debug({ err: cause }, 'discovery does not take traffic reports now');
        const { calls, sentMs } = this.#newest;
        if (calls > 0 && Date.now() - sentMs < arrivalMs) this.#deps.onUncertain(calls);
      }
    } finally {
      clearInterval(timer);
      for (const answer of answers) clearTimeout(answer);
      this.#stream = undefined;
    }
  }

  async #report(stream: ReportStream, requestId: number): Promise<void> {
    const flows = this.#deps.flows.take();
    if (flows.length === 0 && requestId === 0) return;
    const parts = Array.from({ length: Math.max(1, Math.ceil(flows.length / flowsPerReportMax)) }, (_, part) =>
      flows.slice(part * flowsPerReportMax, (part + 1) * flowsPerReportMax),
    );
    this.#newest = { calls: 0, sentMs: Date.now() };
    for (const [index, part] of parts.entries()) {
      try {
        // The last part answers the request: whoever waits for it then has everything.
        await stream.send({ flows: part.map(encodeFlow), requestId: index === parts.length - 1 ? requestId : 0 });
        for (const flow of part) this.#newest.calls += flow.calls;
      } catch (cause) {
        for (const unsent of parts.slice(index)) this.#deps.flows.restore(unsent);
        throw cause;
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, delayMs);
      signal.addEventListener('abort', finish, { once: true });
    });
  }
}

/** A flow as discovery reads it. */
export function encodeFlow(flow: Flow): WireFlow {
  const lastSeenMs = flow.lastSeen.getTime();
  return {
    inbound: flow.isInbound,
    peerSpiffeId: flow.peerSpiffeId,
    peerSerial: flow.peerSerial,
    peerAddress: flow.peerAddress,
    port: flow.port,
    transport: flow.transport,
    verdict: flow.verdict,
    rule: flow.rule,
    calls: flow.calls,
    lastSeen: { seconds: Math.floor(lastSeenMs / 1_000), nanos: (lastSeenMs % 1_000) * 1_000_000 },
    tlsVersion: flow.tlsVersion,
    localSerial: flow.localSerial,
    target: flow.target,
    failure: flow.failure,
  };
}
