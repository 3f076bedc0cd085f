import type { Pod } from "@flotilla/api";
import { Backoff, type Clock, type Random } from "@flotilla/base";
import BTreeModule from "sorted-btree";
import { podKey } from "./node-info.ts";
import type { ClusterEvent } from "./plugin.ts";

// The package is CommonJS with a default export, which Node hands out one level deeper than bundlers do.
const BTree = ((BTreeModule as any).default ?? BTreeModule) as typeof import("sorted-btree").default;

/** First and longest pause after a failed try, as upstream's podInitialBackoff and podMaxBackoff. */
const BACKOFF = { initial_ms: 1_000, max_ms: 10_000 };
/** A pod nothing moved is tried again all the same. */
const UNSCHEDULABLE_LIMIT_MS = 5 * 60_000;

type Place =
  | { at: "active" }
  | { at: "backoff"; until_ms: number }
  | { at: "unschedulable"; since_ms: number; plugins: ReadonlySet<string> }
  | { at: "taken" };

interface Entry {
  pod: Pod;
  /** Rises with every pod that comes: older ones go first. */
  order: number;
  place: Place;
  /** End of the pause that its last failure earned. */
  until_ms: number;
}

/**
 * Owns the pods that wait for a node.
 * Invariants: 1. a pod is in one place, and in the collection of that place. 2. a taken pod comes back by `failed` or goes by `remove`.
 * 3. higher priority first, then who came first.
 */
export class Queue {
  private readonly entries = new Map<string, Entry>();
  private readonly active = new BTree<[negativePriority: number, order: number], Entry>(undefined, compare);
  private readonly waiting = { backoff: new Set<Entry>(), unschedulable: new Set<Entry>() };
  private readonly backoff: Backoff;
  private readonly clock: Clock;
  private readonly interested: (plugin: string, event: ClusterEvent) => boolean;
  private order = 0;

  constructor(ports: { clock: Clock; random: Random }, interested: (plugin: string, event: ClusterEvent) => boolean) {
    this.clock = ports.clock;
    this.backoff = new Backoff(BACKOFF, ports.random);
    this.interested = interested;
  }

  /** A pod without a node, new or changed. A change lets an unschedulable one be tried again. */
  set(pod: Pod, changed: boolean): void {
    const key = podKey(pod);
    const entry = this.entries.get(key);
    if (!entry) {
      const fresh: Entry = { pod, order: this.order++, place: { at: "taken" }, until_ms: 0 };
      this.entries.set(key, fresh);
      this.move(fresh, { at: "active" });
      return;
    }
    const { place } = entry;
    this.move(entry, { at: "taken" }); // its priority, and so its rank, may have changed
    entry.pod = pod;
    this.move(entry, place);
    if (changed && entry.place.at === "unschedulable") this.revive(entry);
  }

  remove(pod: Pod): void {
    const key = podKey(pod);
    const entry = this.entries.get(key);
    if (!entry) return;
    this.move(entry, { at: "taken" });
    this.entries.delete(key);
    this.backoff.reset(key);
  }

  has(pod: Pod): boolean {
    return this.entries.has(podKey(pod));
  }

  /** The next pod to try; it is taken. */
  pop(): Pod | undefined {
    this.wake();
    const first = this.active.minKey();
    const best = first && this.active.get(first);
    if (!best) return undefined;
    this.move(best, { at: "taken" });
    return best.pod;
  }

  /** A taken pod found no node: it waits for an event its rejecting plug-ins care about. */
  failed(pod: Pod, plugins: ReadonlySet<string>): void {
    const entry = this.taken(pod);
    if (entry) this.move(entry, { at: "unschedulable", since_ms: this.clock.monotonic(), plugins });
  }

  /** A taken pod met an error (its bind failed): it is tried again after the pause. */
  retry(pod: Pod): void {
    const entry = this.taken(pod);
    if (entry) this.move(entry, { at: "backoff", until_ms: entry.until_ms });
  }

  /** The cluster changed: pods that may fit now come back, after the rest of their pause. */
  moved(event: ClusterEvent): void {
    for (const entry of [...this.waiting.unschedulable]) {
      const { place } = entry;
      if (place.at !== "unschedulable") continue;
      // Without nodes nobody rejected anything: any event may help.
      if (place.plugins.size === 0 || [...place.plugins].some((p) => this.interested(p, event))) this.revive(entry);
    }
  }

  /** Milliseconds until a pod becomes active by itself; 0 when one is; undefined when none will. */
  nextWake_ms(): number | undefined {
    if (this.active.size > 0) return 0;
    const now = this.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.waiting.backoff) next = Math.min(next, dueAt(entry));
    // In the order they came in: the first is the next.
    for (const entry of this.waiting.unschedulable) {
      next = Math.min(next, dueAt(entry));
      break;
    }
    return Number.isFinite(next) ? Math.max(0, next - now) : undefined;
  }

  sizes(): Record<"active" | "backoff" | "unschedulable", number> {
    return { active: this.active.size, backoff: this.waiting.backoff.size, unschedulable: this.waiting.unschedulable.size };
  }

  private taken(pod: Pod): Entry | undefined {
    const key = podKey(pod);
    const entry = this.entries.get(key);
    if (entry?.place.at !== "taken") return undefined; // deleted or bound meanwhile
    entry.until_ms = this.clock.monotonic() + this.backoff.next(key);
    return entry;
  }

  private revive(entry: Entry): void {
    const due = entry.until_ms <= this.clock.monotonic();
    this.move(entry, due ? { at: "active" } : { at: "backoff", until_ms: entry.until_ms });
  }

  private wake(): void {
    const now = this.clock.monotonic();
    for (const set of [this.waiting.backoff, this.waiting.unschedulable]) {
      for (const entry of [...set]) if (dueAt(entry) <= now) this.move(entry, { at: "active" });
    }
  }

  private move(entry: Entry, place: Place): void {
    const before = entry.place.at;
    if (before === "active") this.active.delete(rank(entry));
    else if (before !== "taken") this.waiting[before].delete(entry);
    entry.place = place;
    if (place.at === "active") this.active.set(rank(entry), entry);
    else if (place.at !== "taken") this.waiting[place.at].add(entry);
  }
}

function dueAt({ place }: Entry): number {
  if (place.at === "backoff") return place.until_ms;
  return place.at === "unschedulable" ? place.since_ms + UNSCHEDULABLE_LIMIT_MS : 0;
}

function rank({ pod, order }: Entry): [number, number] {
  return [-(pod.spec!.priority ?? 0), order];
}

function compare(a: [number, number], b: [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}
