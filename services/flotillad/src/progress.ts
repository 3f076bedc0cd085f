import type { Clock } from "@flotilla/base";
import { type Progress, Progress_State } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";

export type Report = (event: Progress) => void;

/** Runs named steps and tells how each begins and ends. */
export class Steps {
  private readonly clock: Clock;
  private readonly report: Report;

  constructor(clock: Clock, report: Report) {
    this.clock = clock;
    this.report = report;
  }

  async step<T>(step: string, message: string, work: (say: (message: string) => void) => Promise<T>): Promise<T> {
    const begun_ms = this.clock.monotonic();
    let last = message;
    const event = (state: Progress_State) => ({ step, message: last, state, elapsedMs: Math.round(this.clock.monotonic() - begun_ms) });
    this.report(event(Progress_State.STARTED));
    try {
      const result = await work((text) => {
        if (text === last) return;
        last = text;
        this.report(event(Progress_State.STARTED));
      });
      this.report(event(Progress_State.DONE));
      return result;
    } catch (error) {
      last = `${message}: ${(error as Error).message}`;
      this.report(event(Progress_State.FAILED));
      throw error;
    }
  }

  info(message: string): void {
    this.report({ step: "info", message, state: Progress_State.INFO, elapsedMs: 0 });
  }
}
