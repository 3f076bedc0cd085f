import type { Pod } from "@flotilla/api";
import { Backoff, type Clock, type Random } from "@flotilla/base";
import { podKey } from "./node-info.ts";
import type { ClusterEvent } from "./plugin.ts";

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
  /** When the pod first came: older ones go first. */
  added_ms: number;
  order: number;
  place: Place;
  /** End of the pause that its last failure earned. */
  until_ms: number;
}

/**
 * Owns the pods that wait for a node.
 * Invariants: 1. a pod is in one place. 2. a taken pod comes back by `failed` or goes by `remove`.
 * 3. higher priority first, then who came first.
 */
export class Queue {
  private readonly entries = new Map<string, Entry>();
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
      const added_ms = this.clock.monotonic();
      this.entries.set(key, { pod, added_ms, order: this.order++, place: { at: "active" }, until_ms: 0 });
      return;
    }
    entry.pod = pod;
    if (changed && entry.place.at === "unschedulable") this.revive(entry);
  }

  remove(pod: Pod): void {
    const key = podKey(pod);
    this.entries.delete(key);
    this.backoff.reset(key);
  }

  has(pod: Pod): boolean {
    return this.entries.has(podKey(pod));
  }

  /** The next pod to try; it is taken. */
  pop(): Pod | undefined {
    this.wake();
    let best: Entry | undefined;
    for (const entry of this.entries.values()) if (entry.place.at === "active" && (!best || before(entry, best))) best = entry;
    if (!best) return undefined;
    best.place = { at: "taken" };
    return best.pod;
  }

  /** A taken pod found no node: it waits for an event its rejecting plug-ins care about. */
  failed(pod: Pod, plugins: ReadonlySet<string>): void {
    const entry = this.taken(pod);
    if (entry) entry.place = { at: "unschedulable", since_ms: this.clock.monotonic(), plugins };
  }

  /** A taken pod met an error (its bind failed): it is tried again after the pause. */
  retry(pod: Pod): void {
    const entry = this.taken(pod);
    if (entry) entry.place = { at: "backoff", until_ms: entry.until_ms };
  }

  /** The cluster changed: pods that may fit now come back, after the rest of their pause. */
  moved(event: ClusterEvent): void {
    for (const entry of this.entries.values()) {
      const { place } = entry;
      if (place.at !== "unschedulable") continue;
      // Without nodes nobody rejected anything: any event may help.
      if (place.plugins.size === 0 || [...place.plugins].some((p) => this.interested(p, event))) this.revive(entry);
    }
  }

  /** Milliseconds until a pod becomes active by itself; 0 when one is; undefined when none will. */
  nextWake_ms(): number | undefined {
    const now = this.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const { place } of this.entries.values()) {
      if (place.at === "active") return 0;
      if (place.at === "backoff") next = Math.min(next, place.until_ms - now);
      if (place.at === "unschedulable") next = Math.min(next, place.since_ms + UNSCHEDULABLE_LIMIT_MS - now);
    }
    return Number.isFinite(next) ? Math.max(0, next) : undefined;
  }

  sizes(): Record<"active" | "backoff" | "unschedulable", number> {
    const sizes = { active: 0, backoff: 0, unschedulable: 0 };
    for (const { place } of this.entries.values()) if (place.at !== "taken") sizes[place.at]++;
    return sizes;
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
    entry.place = due ? { at: "active" } : { at: "backoff", until_ms: entry.until_ms };
  }

  private wake(): void {
    const now = this.clock.monotonic();
    for (const entry of this.entries.values()) {
      const { place } = entry;
      if (place.at === "backoff" && place.until_ms <= now) entry.place = { at: "active" };
      if (place.at === "unschedulable" && place.since_ms + UNSCHEDULABLE_LIMIT_MS <= now) entry.place = { at: "active" };
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  const [pa, pb] = [a.pod.spec!.priority ?? 0, b.pod.spec!.priority ?? 0];
  if (pa !== pb) return pa > pb;
  return a.added_ms !== b.added_ms ? a.added_ms < b.added_ms : a.order < b.order;
}
