import { findCondition, type Lease, type Node } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import type { StatusCondition } from "@flotilla/controller";

/** What was last seen of a node, by our own monotonic clock: its clock and ours need not agree. */
export interface Heartbeat {
  /** Change with each sign of life; compared, never read as times. */
  posted: string;
  renewed: string;
  seen_ms: number;
}

export type Readiness = "True" | "False" | "Unknown";

export interface HealthPlan {
  heartbeat: Heartbeat;
  readiness: Readiness;
  /** New status conditions, when the node has been silent too long. */
  conditions?: StatusCondition[];
}

/** A silent node cannot vouch for any of these. */
const WATCHED = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** Judges one node. `startup_ms` holds for a node that never reported. */
export function judgeNode(
  node: Node,
  lease: Lease | undefined,
  before: Heartbeat | undefined,
  grace: { monitor_ms: number; startup_ms: number },
  time: { now_ms: number; monotonic_ms: number },
): HealthPlan {
  const conditions = (node.status?.conditions ?? []) as (StatusCondition & { lastHeartbeatTime?: string })[];
  const ready = findCondition(conditions, "Ready");
  // What we wrote ourselves (Unknown) is no sign of life.
  const posted = ready && ready.status !== "Unknown" ? `${ready.lastHeartbeatTime} ${ready.status}` : "";
  const renewed = lease?.spec?.renewTime ?? "";
  const isNews = (now: string, then: string) => now !== "" && now !== then;
  const alive = !before || isNews(posted, before.posted) || isNews(renewed, before.renewed);
  const heartbeat = { posted, renewed, seen_ms: alive ? time.monotonic_ms : before.seen_ms };
  const allowed_ms = ready ? grace.monitor_ms : grace.startup_ms;
  if (time.monotonic_ms - heartbeat.seen_ms <= allowed_ms) return { heartbeat, readiness: (ready?.status as Readiness) ?? "Unknown" };
  const next = WATCHED.reduce((all, type) => unknown(all, type, node, time.now_ms), conditions as StatusCondition[]);
  return { heartbeat, readiness: "Unknown", ...(next === conditions ? {} : { conditions: next }) };
}

function unknown(conditions: StatusCondition[], type: string, node: Node, now_ms: number): StatusCondition[] {
  const old = findCondition(conditions, type);
  if (old?.status === "Unknown") return conditions;
  const time = rfc3339(now_ms);
  if (!old) {
    const never = { type, status: "Unknown", reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status." };
    return [...conditions, { ...never, lastHeartbeatTime: node.metadata.creationTimestamp, lastTransitionTime: time } as StatusCondition];
  }
  const silent = {
    status: "Unknown",
    reason: "NodeStatusUnknown",
    message: "Kubelet stopped posting node status.",
    lastTransitionTime: time,
  };
  return conditions.map((c) => (c.type === type ? { ...c, ...silent } : c));
}
