import { isConditionTrue, type Node } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ManagerConfig } from "../config.ts";

export type ZoneState = "Normal" | "PartialDisruption" | "FullDisruption";

const ZONE = "topology.kubernetes.io/zone";
const REGION = "topology.kubernetes.io/region";

export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  return `${labels[REGION] ?? ""}:${labels[ZONE] ?? ""}`;
}

/** All down: probably we are cut off. More than two and most down: something larger is wrong. */
export function zoneState(nodes: Node[], unhealthyThreshold: number): ZoneState {
  const ready = nodes.filter((n) => isConditionTrue(n.status?.conditions, "Ready")).length;
  const down = nodes.length - ready;
  if (ready === 0 && down > 0) return "FullDisruption";
  if (down > 2 && down / nodes.length >= unhealthyThreshold) return "PartialDisruption";
  return "Normal";
}

/** Nodes per second that may be given up in a zone. */
export function evictionRate(state: ZoneState, zoneSize: number, everythingDown: boolean, config: ManagerConfig): number {
  if (everythingDown) return 0;
  if (state !== "PartialDisruption") return config.nodeEvictionRate;
  return zoneSize > config.largeClusterSizeThreshold ? config.secondaryNodeEvictionRate : 0;
}

/** One token at a time, refilled at the zone's present rate. */
export class EvictionBudget {
  private readonly clock: Clock;
  private readonly zones = new Map<string, { tokens: number; at_ms: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** True: take it now. A number: milliseconds until one may be there; Infinity: not at this rate. */
  take(zone: string, perSecond: number): true | number {
    const now = this.clock.monotonic();
    const bucket = this.zones.get(zone) ?? { tokens: 1, at_ms: now };
    bucket.tokens = Math.min(1, bucket.tokens + ((now - bucket.at_ms) / 1000) * perSecond);
    bucket.at_ms = now;
    this.zones.set(zone, bucket);
    if (perSecond <= 0) return Number.POSITIVE_INFINITY;
    if (bucket.tokens < 1) return ((1 - bucket.tokens) / perSecond) * 1000;
    bucket.tokens -= 1;
    return true;
  }
}
