import { findCondition, type Node, type Taint } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import type { Readiness } from "./health.ts";

const PREFIX = "node.kubernetes.io/";
export const NOT_READY = `${PREFIX}not-ready`;
export const UNREACHABLE = `${PREFIX}unreachable`;

/** Condition type → status → the taint that keeps new pods away. */
const OF_CONDITION: Record<string, Record<string, string>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: `${PREFIX}memory-pressure` },
  DiskPressure: { True: `${PREFIX}disk-pressure` },
  PIDPressure: { True: `${PREFIX}pid-pressure` },
  NetworkUnavailable: { True: `${PREFIX}network-unavailable` },
};
const UNSCHEDULABLE = `${PREFIX}unschedulable`;
const OURS_NO_SCHEDULE = new Set([...Object.values(OF_CONDITION).flatMap((m) => Object.values(m)), UNSCHEDULABLE]);
const OURS_NO_EXECUTE = new Set([NOT_READY, UNREACHABLE]);

/** NoSchedule taints as the node's conditions ask for. */
function wantedNoSchedule(node: Node): string[] {
  const wanted = Object.entries(OF_CONDITION).flatMap(([type, taints]) => {
    const status = findCondition(node.status?.conditions, type)?.status;
    return status && taints[status] ? [taints[status]] : [];
  });
  return node.spec?.unschedulable ? [...wanted, UNSCHEDULABLE] : wanted;
}

/** The NoExecute taint that fits a readiness. */
export function evictionTaint(readiness: Readiness): string | undefined {
  return { True: undefined, False: NOT_READY, Unknown: UNREACHABLE }[readiness];
}

/**
 * The node's taints as they should be, or undefined when they are. `evict` is the NoExecute
 * taint to hold now: undefined takes ours away, "keep" leaves them alone (rate limits, outages).
 */
export function planTaints(node: Node, evict: string | undefined | "keep", now_ms: number): Taint[] | undefined {
  const present = (node.spec?.taints ?? []) as Taint[];
  const noSchedule = wantedNoSchedule(node);
  const isWanted = (t: Taint): boolean => {
    if (t.effect === "NoSchedule" && OURS_NO_SCHEDULE.has(t.key)) return noSchedule.includes(t.key);
    if (t.effect === "NoExecute" && OURS_NO_EXECUTE.has(t.key)) return evict === "keep" || t.key === evict;
    return true;
  };
  const has = (key: string, effect: string) => present.some((t) => t.key === key && t.effect === effect);
  const timeAdded = rfc3339(now_ms);
  const added: Taint[] = noSchedule.filter((key) => !has(key, "NoSchedule")).map((key) => ({ key, effect: "NoSchedule", timeAdded }));
  if (evict && evict !== "keep" && !has(evict, "NoExecute")) added.push({ key: evict, effect: "NoExecute", timeAdded });
  const kept = present.filter(isWanted);
  return added.length === 0 && kept.length === present.length ? undefined : [...kept, ...added];
}
