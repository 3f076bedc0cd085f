import type { Random } from "@flotilla/base";
import { randomInt } from "@flotilla/base";

export interface NetworkFaults {
  /** Shares of messages, 0 to 1. */
  loss: number;
  duplication: number;
  /** Steps a message takes at most; more than one reorders. */
  delay_steps_max: number;
}

export const QUIET: NetworkFaults = { loss: 0, duplication: 0, delay_steps_max: 1 };

interface InFlight<M> {
  readonly to: number;
  readonly message: M;
  readonly due: number;
}

/**
 * A network that loses, repeats, delays and reorders, and can be cut in one
 * direction or both, all from one seed. Time is a count of steps.
 */
export class SimNetwork<M> {
  faults: NetworkFaults = QUIET;
  private inFlight: InFlight<M>[] = [];
  private readonly cuts = new Set<string>();
  private readonly random: Random;
  private now = 0;

  constructor(random: Random) {
    this.random = random;
  }

  send(from: number, to: number, message: M): void {
    if (this.cuts.has(`${from}>${to}`) || this.random.next() < this.faults.loss) return;
    const copies = this.random.next() < this.faults.duplication ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.inFlight.push({ to, message, due: this.now + 1 + randomInt(this.random, this.faults.delay_steps_max) });
    }
  }

  /** What arrives in the next step. Messages to a member that is down are lost by the caller. */
  step(): { to: number; message: M }[] {
    this.now++;
    const arriving = this.inFlight.filter((m) => m.due <= this.now);
    this.inFlight = this.inFlight.filter((m) => m.due > this.now);
    return arriving;
  }

  /** Nothing gets from `from` to `to` any more; the other direction is another cut. */
  cut(from: number, to: number): void {
    this.cuts.add(`${from}>${to}`);
  }

  /** Two groups that do not hear each other. */
  partition(a: readonly number[], b: readonly number[]): void {
    for (const x of a) {
      for (const y of b) {
        this.cut(x, y);
        this.cut(y, x);
      }
    }
  }

  heal(): void {
    this.cuts.clear();
  }
}
