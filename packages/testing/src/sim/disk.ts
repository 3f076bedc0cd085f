import { type Random, randomInt } from "@flotilla/base";

/**
 * A disk that keeps what was synced and, after a crash, an unpredictable part
 * of what was not: writes survive in order, up to a random point.
 */
export class SimDisk<W> {
  private readonly written: W[] = [];
  private readonly waiting: { write: W; done: () => void }[] = [];
  /** The running sync: how many of the waiting writes it covers, and how long it still takes. */
  private sync: { count: number; left_steps: number } | undefined;
  private readonly random: Random;
  /** Steps a sync takes at most. */
  sync_steps_max = 1;

  constructor(random: Random) {
    this.random = random;
  }

  /** `done` runs when the write and all before it are durable. */
  write(write: W, done: () => void): void {
    this.waiting.push({ write, done });
  }

  /** A sync covers what is waiting when it begins (group commit). */
  step(): void {
    if (this.waiting.length === 0) return;
    this.sync ??= { count: this.waiting.length, left_steps: 1 + randomInt(this.random, this.sync_steps_max) };
    if (--this.sync.left_steps > 0) return;
    const synced = this.waiting.splice(0, this.sync.count);
    this.sync = undefined;
    for (const { write } of synced) this.written.push(write);
    for (const { done } of synced) done();
  }

  /** The machine stops: part of what was not synced is gone, and nobody hears of the rest. */
  crash(): void {
    const survivors = randomInt(this.random, this.waiting.length + 1);
    for (const { write } of this.waiting.slice(0, survivors)) this.written.push(write);
    this.waiting.length = 0;
    this.sync = undefined;
  }

  /** Everything that survived, oldest first. */
  contents(): readonly W[] {
    return this.written;
  }
}
