import { type Random, randomInt } from "@flotilla/base";
import type { NodeId } from "./message.ts";

/** Ids remembered behind the highest one; what is older than that is taken for a repetition. */
const WINDOW = 4096;
/** A follower that restarts begins a new series of ids: so many are remembered. */
const SERIES_MAX = 64;
const SERIES_SIZE = 2 ** 32;

/**
 * Which batches of proposals a leader has taken from its followers, so that one
 * that the network repeats is not appended twice. A batch is for one term, hence
 * for one leader: what it knows dies with its leadership, and needs no log.
 */
export class PassedOn {
  private readonly series = new Map<string, { highest: number; seen: Set<number> }>();

  /** True the first time; false for a repetition. */
  take(from: NodeId, id: number): boolean {
    const window = this.windowOf(`${from} ${Math.floor(id / SERIES_SIZE)}`);
    if (id <= window.highest - WINDOW || window.seen.has(id)) return false;
    window.seen.add(id);
    window.highest = Math.max(window.highest, id);
    if (window.seen.size > WINDOW) for (const old of window.seen) if (old <= window.highest - WINDOW) window.seen.delete(old);
    return true;
  }

  private windowOf(name: string): { highest: number; seen: Set<number> } {
    const known = this.series.get(name);
    if (known) return known;
    if (this.series.size >= SERIES_MAX) this.series.delete(this.series.keys().next().value!);
    const window = { highest: 0, seen: new Set<number>() };
    this.series.set(name, window);
    return window;
  }
}

/** A follower's ids for what it passes on: no two are the same, also after a restart in the same term. */
export class PassedOnIds {
  private last: number | undefined;
  private readonly boot: number | undefined;
  private readonly random: Random;

  constructor(boot: number | undefined, random: Random) {
    this.boot = boot;
    this.random = random;
  }

  next(): number {
    this.last ??= (this.boot ?? randomInt(this.random, 2 ** 20)) * SERIES_SIZE;
    return ++this.last;
  }
}
