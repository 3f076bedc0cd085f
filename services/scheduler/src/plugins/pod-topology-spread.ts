import {
  controllerOf,
  findUntoleratedTaint,
  isPodTerminating,
  type LabelMatcher,
  labelSelectorMatcher,
  matchesNodeAffinity,
  type Pod,
} from "@flotilla/api";
import type { NodeInfo } from "../node-info.ts";
import { type Cycle, type Instance, MAX_SCORE, type Plugin, reject } from "../plugin.ts";

const HOSTNAME = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

interface Constraint {
  key: string;
  maxSkew: number;
  hard: boolean;
  minDomains: number;
  matcher: LabelMatcher;
  honorAffinity: boolean;
  honorTaints: boolean;
  /** Of upstream's defaults: nodes without the label take part all the same. */
  system: boolean;
}

/** Spreads a pod's likes over domains: as its constraints say, else over nodes and zones by default. */
export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  retryOn: ["node-added", "node-changed", "pod-added", "pod-changed", "pod-removed"],
  begin(cycle) {
    const constraints = constraintsOf(cycle);
    const hard = constraints.filter((c) => c.hard);
    const soft = constraints.filter((c) => !c.hard);
    const instance: Instance = {};
    if (hard.length > 0) instance.filter = hardFilter(cycle, hard);
    if (soft.length > 0) Object.assign(instance, softScore(cycle, soft));
    return instance;
  },
};

function constraintsOf({ pod, listers }: Cycle): Constraint[] {
  const own = pod.spec!.topologySpreadConstraints ?? [];
  const common = { minDomains: 1, honorAffinity: true, honorTaints: false };
  if (own.length === 0) {
    const matcher = defaultMatcher(pod, listers);
    if (!matcher) return [];
    return [
      { ...common, key: HOSTNAME, maxSkew: 3, hard: false, matcher, system: true },
      { ...common, key: ZONE, maxSkew: 5, hard: false, matcher, system: true },
    ];
  }
  return own.map((c) => ({
    key: c.topologyKey,
    maxSkew: c.maxSkew,
    hard: c.whenUnsatisfiable === "DoNotSchedule",
    minDomains: c.minDomains ?? 1,
    matcher: withLabelKeys(c.labelSelector, c.matchLabelKeys ?? [], pod),
    honorAffinity: c.nodeAffinityPolicy !== "Ignore",
    honorTaints: c.nodeTaintsPolicy === "Honor",
    system: false,
  }));
}

/** The pod's values of `matchLabelKeys` join the selector. */
function withLabelKeys(selector: Parameters<typeof labelSelectorMatcher>[0], keys: readonly string[], pod: Pod): LabelMatcher {
  const labels = pod.metadata.labels ?? {};
  const added = Object.fromEntries(keys.filter((k) => k in labels).map((k) => [k, labels[k]!]));
  return labelSelectorMatcher(selector && { ...selector, matchLabels: { ...selector.matchLabels, ...added } });
}

/** What the pod's services and its ReplicaSet select together; undefined for a pod nothing selects. */
function defaultMatcher(pod: Pod, listers: Cycle["listers"]): LabelMatcher | undefined {
  const labels = pod.metadata.labels ?? {};
  const namespace = pod.metadata.namespace!;
  const matchLabels: Record<string, string> = {};
  for (const service of listers.services(namespace)) {
    const selector = service.spec?.selector;
    if (selector && Object.keys(selector).length > 0 && Object.entries(selector).every(([k, v]) => labels[k] === v)) {
      Object.assign(matchLabels, selector);
    }
  }
  const owner = controllerOf(pod);
  const set = owner?.kind === "ReplicaSet" ? listers.replicaSet(namespace, owner.name) : undefined;
  const selector = set?.spec?.selector;
  Object.assign(matchLabels, selector?.matchLabels ?? {});
  const matchExpressions = selector?.matchExpressions ?? [];
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return labelSelectorMatcher({ matchLabels, matchExpressions });
}

function countOn(node: NodeInfo, pod: Pod, matcher: LabelMatcher): number {
  let count = 0;
  for (const { pod: other } of node.pods.values()) {
    if (other.metadata.namespace === pod.metadata.namespace && !isPodTerminating(other) && matcher.matches(other.metadata.labels)) count++;
  }
  return count;
}

function takesPart(node: NodeInfo, constraint: Constraint, pod: Pod): boolean {
  if (constraint.honorAffinity && !matchesNodeAffinity(pod.spec!, node.node)) return false;
  return !constraint.honorTaints || !findUntoleratedTaint(node.node.spec?.taints, pod.spec!.tolerations, ["NoSchedule", "NoExecute"]);
}

function hardFilter({ pod, nodes }: Cycle, constraints: Constraint[]): NonNullable<Instance["filter"]> {
  const counted = nodes.filter((n) => constraints.every((c) => c.key in n.labels));
  const states = constraints.map((constraint) => {
    const domains = new Map<string, number>();
    for (const node of counted) {
      if (!takesPart(node, constraint, pod)) continue;
      const domain = node.labels[constraint.key]!;
      domains.set(domain, (domains.get(domain) ?? 0) + countOn(node, pod, constraint.matcher));
    }
    const least = domains.size < constraint.minDomains ? 0 : Math.min(...domains.values());
    const self = constraint.matcher.matches(pod.metadata.labels) ? 1 : 0;
    return { constraint, domains, least, self };
  });
  return (node) => {
    for (const { constraint, domains, least, self } of states) {
      const domain = node.labels[constraint.key];
      if (domain === undefined) return reject("node(s) didn't match pod topology spread constraints (missing required label)", true);
      const skew = (domains.get(domain) ?? 0) + self - (Number.isFinite(least) ? least : 0);
      if (skew > constraint.maxSkew) return reject("node(s) didn't match pod topology spread constraints");
    }
    return undefined;
  };
}

/** Fewer likes in the domain score higher; domains of which there are many count more (log of their number). */
function softScore({ pod, nodes }: Cycle, constraints: Constraint[]): Pick<Instance, "score" | "normalize"> {
  const ignored = (node: NodeInfo) => constraints.some((c) => !c.system && !(c.key in node.labels));
  const states = constraints.map((constraint) => {
    const domains = new Map<string, number>();
    for (const node of nodes) {
      const domain = node.labels[constraint.key];
      if (domain === undefined || ignored(node) || !takesPart(node, constraint, pod)) continue;
      domains.set(domain, (domains.get(domain) ?? 0) + countOn(node, pod, constraint.matcher));
    }
    return { constraint, domains, weight: Math.log(domains.size + 2) };
  });
  return {
    score(node) {
      let sum = 0;
      for (const { constraint, domains, weight } of states) {
        const domain = node.labels[constraint.key];
        if (domain !== undefined) sum += (domains.get(domain) ?? 0) * weight + (constraint.maxSkew - 1);
      }
      return Math.round(sum);
    },
    normalize(scores) {
      const valid = [...scores].filter(([node]) => !ignored(node)).map(([, score]) => score);
      const max = Math.max(...valid);
      const min = Math.min(...valid);
      for (const [node, score] of scores) {
        if (ignored(node)) scores.set(node, 0);
        else scores.set(node, max === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (max + min - score)) / max));
      }
    },
  };
}
