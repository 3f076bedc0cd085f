import { type DaemonSet, isPodAvailable, isPodReady, isPodTerminal, type Node, type Pod, scaledValue } from "@flotilla/api";
import { omitEmpty } from "@flotilla/controller";
import { fitNode } from "./fit.ts";
import { HASH_LABEL, hashOf, targetNode } from "./template.ts";

export interface DaemonSetView {
  set: DaemonSet;
  nodes: Node[];
  /** All pods it owns. */
  pods: Pod[];
  now_ms: number;
}

export interface DaemonSetPlan {
  /** Names of nodes to get a pod. */
  create: string[];
  delete: Pod[];
  /** Ended by themselves: deleted too, with a back-off for each node. */
  failed: Pod[];
  status: NonNullable<DaemonSet["status"]>;
}

const byAge = (a: Pod, b: Pod): number => (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? "");

/** What a DaemonSet lacks and what it has too much of. */
export function planDaemonSet(view: DaemonSetView): DaemonSetPlan {
  const { set, nodes } = view;
  const onNode = Map.groupBy([...view.pods].sort(byAge), (pod) => targetNode(pod) ?? "");
  const plan: Omit<DaemonSetPlan, "status"> = { create: [], delete: [], failed: [] };
  const wanted: { node: string; pods: Pod[] }[] = [];
  let misscheduled = 0;
  for (const node of nodes) {
    const name = node.metadata.name!;
    const pods = onNode.get(name) ?? [];
    const fit = fitNode(set, node);
    if (fit.shouldRun) wanted.push({ node: name, pods });
    else if (pods.length > 0) misscheduled++;
    placeOn(name, pods, fit, isSurging(set), plan);
  }
  // Pods that were never placed, for nodes that are gone: nobody else would end them.
  const known = new Set(nodes.map((n) => n.metadata.name));
  plan.delete.push(...view.pods.filter((p) => !p.spec?.nodeName && !p.metadata.deletionTimestamp && !known.has(targetNode(p))));
  if (plan.create.length + plan.delete.length + plan.failed.length === 0) rollingUpdate(view, wanted, plan);
  if (set.metadata.deletionTimestamp !== undefined) Object.assign(plan, { create: [], delete: [], failed: [] });
  return { ...plan, status: statusOf(view, wanted, misscheduled) };
}

function placeOn(
  node: string,
  pods: Pod[],
  fit: { shouldRun: boolean; mayStay: boolean },
  surging: boolean,
  plan: Omit<DaemonSetPlan, "status">,
): void {
  const alive = pods.filter((p) => !p.metadata.deletionTimestamp);
  if (fit.shouldRun && pods.length === 0) plan.create.push(node);
  else if (!fit.mayStay) plan.delete.push(...alive);
  else {
    plan.failed.push(...alive.filter(isPodTerminal));
    const running = alive.filter((p) => !isPodTerminal(p));
    // More than one without a surge is a mistake: the oldest stays.
    if (!surging) plan.delete.push(...running.slice(1));
  }
}

const rolling = (set: DaemonSet) => set.spec?.updateStrategy?.rollingUpdate;
const isSurging = (set: DaemonSet): boolean => isRolling(set) && scaledValue((rolling(set)?.maxSurge ?? 0) as string, 100, "up") > 0;
const isRolling = (set: DaemonSet): boolean => (set.spec?.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate";

/** Replaces pods of an old template, within maxUnavailable or maxSurge. */
function rollingUpdate(view: DaemonSetView, wanted: { node: string; pods: Pod[] }[], plan: Omit<DaemonSetPlan, "status">): void {
  const { set, now_ms } = view;
  if (!isRolling(set)) return;
  const hash = hashOf(set);
  const available = (pod: Pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now_ms);
  const split = wanted.map(({ node, pods }) => {
    const alive = pods.filter((p) => !p.metadata.deletionTimestamp);
    return { node, fresh: alive.find((p) => isCurrent(p, hash)), stale: alive.find((p) => !isCurrent(p, hash)) };
  });
  if (isSurging(set)) {
    surge(split, available, scaledValue(rolling(set)!.maxSurge as string, wanted.length, "up"), plan);
    return;
  }
  const max = Math.max(1, scaledValue((rolling(set)?.maxUnavailable ?? 1) as string, wanted.length, "up"));
  let unavailable = 0;
  const candidates: Pod[] = [];
  for (const { fresh, stale } of split) {
    if (stale && !fresh) {
      // An old pod that does not work anyway costs nothing to replace.
      if (available(stale)) candidates.push(stale);
      else {
        unavailable++;
        plan.delete.push(stale);
      }
    } else if (!fresh || !available(fresh)) unavailable++;
  }
  plan.delete.push(...candidates.slice(0, Math.max(0, max - unavailable)));
}

/** The new pod first; the old one goes when the new one works. */
function surge(
  split: { node: string; fresh?: Pod; stale?: Pod }[],
  available: (pod: Pod) => boolean,
  max: number,
  plan: Omit<DaemonSetPlan, "status">,
): void {
  let surging = 0;
  const candidates: string[] = [];
  for (const { node, fresh, stale } of split) {
    if (!stale) continue;
    if (fresh && available(fresh)) plan.delete.push(stale);
    else if (fresh) surging++;
    else if (available(stale)) candidates.push(node);
    else plan.delete.push(stale);
  }
  plan.create.push(...candidates.slice(0, Math.max(0, max - surging)));
}

const isCurrent = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[HASH_LABEL] === hash;

function statusOf(view: DaemonSetView, wanted: { pods: Pod[] }[], numberMisscheduled: number): NonNullable<DaemonSet["status"]> {
  const { set, now_ms } = view;
  const hash = hashOf(set);
  const minReady = set.spec?.minReadySeconds ?? 0;
  const first = wanted.flatMap(({ pods }) => {
    const alive = pods.filter((p) => !p.metadata.deletionTimestamp);
    const best = alive.find((p) => isPodAvailable(p, minReady, now_ms)) ?? alive[0];
    return best ? [best] : [];
  });
  const numberAvailable = first.filter((p) => isPodAvailable(p, minReady, now_ms)).length;
  return {
    currentNumberScheduled: wanted.filter((w) => w.pods.length > 0).length,
    numberMisscheduled,
    desiredNumberScheduled: wanted.length,
    numberReady: first.filter(isPodReady).length,
    ...omitEmpty({
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: wanted.filter((w) => w.pods.some((p) => isCurrent(p, hash) && !p.metadata.deletionTimestamp)).length,
      numberAvailable,
      numberUnavailable: wanted.length - numberAvailable,
      collisionCount: set.status?.collisionCount,
      conditions: set.status?.conditions,
    }),
  };
}
