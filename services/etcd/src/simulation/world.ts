import { createHash, type Hash } from "node:crypto";
import { type Clock, type Random, seededRandom, type Timer } from "@flotilla/base";

interface Event {
  readonly at_us: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Promises that an event resolves go on before the next; those of long chains in turns, always in the same order. */
const PROMISE_TURNS = 6;
/** How many lines a failure shows of what went before. */
const TAIL_LINES = 60;

/**
 * Virtual time and chance for everything that is simulated. Events happen one
 * at a time, those of one instant in the order they were set; the whole run
 * follows from the seed.
 */
export class World {
  readonly random: Random;
  now_us = 0;
  private order = 0;
  private readonly heap: Event[] = [];
  private readonly trace: string[] = [];
  private readonly digest: Hash = createHash("sha256");
  private readonly print: ((line: string) => void) | undefined;

  constructor(seed: number, print?: (line: string) => void) {
    this.random = seededRandom(seed);
    this.print = print;
  }

  get now_ms(): number {
    return this.now_us / 1000;
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + this.random.next() * (to - from);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random.next() * list.length)]!;
  }

  after(delay_ms: number, run: () => void): Timer {
    const event: Event = { at_us: this.now_us + Math.max(0, Math.round(delay_ms * 1000)), order: this.order++, run };
    this.push(event);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }

  /** Resolves after a while of virtual time. */
  sleep(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(delay_ms, resolve));
  }

  /** One line of the trace: what happened, to whom. */
  note(who: string, what: string): void {
    const line = `${(this.now_us / 1000).toFixed(3).padStart(10)} ${who.padEnd(4)} ${what}`;
    this.digest.update(line);
    this.trace.push(line);
    if (this.trace.length > 2 * TAIL_LINES) this.trace.splice(0, TAIL_LINES);
    this.print?.(line);
  }

  /** The last lines of the trace. */
  get tail(): string {
    return this.trace.slice(-TAIL_LINES).join("\n");
  }

  /** What tells two runs apart: a sum of the whole trace. Ends the tracing. */
  fingerprint(): string {
    return this.digest.digest("hex").slice(0, 16);
  }

  /** Lets `duration_ms` pass; `after` runs behind every event. */
  async run(duration_ms: number, after: () => void): Promise<void> {
    const end_us = this.now_us + duration_ms * 1000;
    for (let next = this.heap[0], n = 1; next && next.at_us <= end_us; next = this.heap[0], n++) {
      this.pop();
      if (!next.run) continue;
      this.now_us = next.at_us;
      next.run();
      for (let i = 0; i < PROMISE_TURNS; i++) await undefined;
      // The process's own timers (the test runner's) get their turn, too.
      if (n % 4096 === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
      after();
    }
    this.now_us = end_us;
  }

  private push(event: Event): void {
    const { heap } = this;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

const before = (a: Event, b: Event) => a.at_us < b.at_us || (a.at_us === b.at_us && a.order < b.order);

/** How a machine's clock differs from the world's. */
export interface ClockFault {
  /** Its seconds per second. */
  readonly rate: number;
  /** Its wall clock is ahead by so much. */
  readonly offset_ms: number;
}

const EPOCH_MS = Date.UTC(2025, 0, 1);

/** One process's clock: it may run fast or slow, its wall clock may jump; its timers end with it. */
export class WorldClock implements Clock {
  private readonly world: World;
  private readonly timers = new Set<Timer>();
  private fault: ClockFault = { rate: 1, offset_ms: 0 };
  /** Where the present rate began, here and in the world. */
  private base_ms: number;
  private baseWorld_ms: number;

  constructor(world: World) {
    this.world = world;
    this.base_ms = this.baseWorld_ms = world.now_ms;
  }

  now(): number {
    return Math.floor(EPOCH_MS + this.fault.offset_ms + this.monotonic());
  }

  monotonic(): number {
    return this.base_ms + (this.world.now_ms - this.baseWorld_ms) * this.fault.rate;
  }

  drift(fault: ClockFault): void {
    this.base_ms = this.monotonic();
    this.baseWorld_ms = this.world.now_ms;
    this.fault = fault;
  }

  setTimeout(fn: () => void, delay_ms: number): Timer {
    const timer = this.world.after(delay_ms / this.fault.rate, () => {
      this.timers.delete(timer);
      fn();
    });
    return this.keep(timer);
  }

  setInterval(fn: () => void, period_ms: number): Timer {
    let timer: Timer;
    const again = () => {
      timer = this.setTimeout(() => {
        again();
        fn();
      }, period_ms);
    };
    again();
    return { cancel: () => timer.cancel() };
  }

  /** The process ends: nothing fires any more. */
  stop(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private keep(timer: Timer): Timer {
    this.timers.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.timers.delete(timer);
      },
    };
  }
}
