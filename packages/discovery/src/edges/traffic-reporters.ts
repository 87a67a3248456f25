// SPDX-License-Identifier: Apache-2.0

/** How long a question for fresh reports waits for agents. */
export const freshReportTimeoutMs = 1_000;

/** One agent's open stream. */
export interface TrafficReporter {
  /** Ids of reports to ask for, newest only; ends when the reporter is removed. */
  requests(): AsyncGenerator<number, void, undefined>;
  /** A report has been taken over; 0 for the regular one. */
  answered(requestId: number): void;
  remove(): void;
}

class Reporter implements TrafficReporter {
  #wanted = 0;
  #answered = 0;
  #isRemoved = false;
  #wake = Promise.withResolvers<void>();
  readonly #waiters = new Map<number, () => void>();
  readonly #onRemove: (reporter: Reporter) => void;

  constructor(onRemove: (reporter: Reporter) => void) {
    this.#onRemove = onRemove;
  }

  /** Asks for a report; resolves when it, or a later one, is there, or the agent is gone. */
  ask(requestId: number): Promise<void> {
    this.#wanted = requestId;
    this.#wake.resolve();
    return new Promise((resolve) => this.#waiters.set(requestId, resolve));
  }

  answered(requestId: number): void {
    this.#answered = Math.max(this.#answered, requestId);
    this.#settle((id) => id <= this.#answered);
  }

  #settle(isDue: (requestId: number) => boolean): void {
    for (const [id, resolve] of this.#waiters) {
      if (!isDue(id)) continue;
      this.#waiters.delete(id);
      resolve();
    }
  }

  async *requests(): AsyncGenerator<number, void, undefined> {
    let sent = 0;
    while (!this.#isRemoved) {
      if (this.#wanted > sent) {
        sent = this.#wanted;
        yield sent;
        continue;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  remove(): void {
    this.#isRemoved = true;
    this.#wake.resolve();
    this.#settle(() => true);
    this.#onRemove(this);
  }
}

/** The agents that report now. */
export class TrafficReporters {
  readonly #reporters = new Set<Reporter>();
  #lastRequestId = 0;

  add(): TrafficReporter {
    const reporter = new Reporter((gone) => this.#reporters.delete(gone));
    this.#reporters.add(reporter);
    return reporter;
  }

  /** Asks all agents for a report now; resolves when all have answered or the time is over. */
  async refresh(timeoutMs = freshReportTimeoutMs): Promise<void> {
    if (this.#reporters.size === 0) return;
    this.#lastRequestId += 1;
    const answers = [...this.#reporters].map((reporter) => reporter.ask(this.#lastRequestId));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all(answers), late]);
    clearTimeout(timer);
  }

  /** Ends all streams: the process is stopping. */
  close(): void {
    for (const reporter of this.#reporters) reporter.remove();
  }
}
