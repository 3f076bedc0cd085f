import { type LabelMatcher, labelSelectorMatcher, type Pod } from "@flotilla/api";
import type { NodeInfo } from "../node-info.ts";
import { type Cycle, type Instance, type Listers, MAX_SCORE, type Plugin, reject } from "../plugin.ts";

type ApiTerm = NonNullable<
  NonNullable<NonNullable<NonNullable<Pod["spec"]>["affinity"]>["podAffinity"]>["requiredDuringSchedulingIgnoredDuringExecution"]
>[number];

interface Term {
  key: string;
  matches(pod: Pod): boolean;
}

/** "key=value" of a domain → how many. */
type Domains = Map<string, number>;

export const interPodAffinity: Plugin = {
  name: "InterPodAffinity",
  retryOn: ["node-added", "node-changed", "pod-added", "pod-changed", "pod-removed"],
  begin(cycle) {
    const { pod, nodes, listers } = cycle;
    const { podAffinity, podAntiAffinity } = pod.spec!.affinity ?? {};
    const near = terms(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, listers);
    const far = terms(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, listers);
    const refused = refusedDomains(cycle);
    const instance: Instance = {};
    if (near.length + far.length + refused.size > 0) {
      const nearDomains = near.map((term) => domainsWith(nodes, term.key, (other) => near.every((t) => t.matches(other))));
      const farDomains = far.map((term) => domainsWith(nodes, term.key, (other) => term.matches(other)));
      // The first of a group that must be together has nobody to join yet.
      const first = nearDomains.every((d) => d.size === 0) && near.every((t) => t.matches(pod));
      instance.filter = (node) => {
        const missing = near.some((t) => !(t.key in node.labels));
        const alone = near.some((t, i) => !nearDomains[i]!.has(domainOf(node, t.key) ?? ""));
        if (missing || (alone && !first)) return reject("node(s) didn't match pod affinity rules", true);
        if (far.some((t, i) => farDomains[i]!.has(domainOf(node, t.key) ?? "")))
          return reject("node(s) didn't match pod anti-affinity rules");
        for (const domain of refused) {
          if (domainOf(node, domain.slice(0, domain.indexOf("="))) === domain) {
            return reject("node(s) didn't satisfy existing pods anti-affinity rules");
          }
        }
        return undefined;
      };
    }
    const scores = preferredDomains(cycle);
    if (scores.size > 0) Object.assign(instance, scoring(scores));
    return instance;
  },
};

function domainOf(node: NodeInfo, key: string): string | undefined {
  const value = node.labels[key];
  return value === undefined ? undefined : `${key}=${value}`;
}

function terms(list: readonly ApiTerm[] | undefined, owner: Pod, listers: Listers): Term[] {
  return (list ?? []).map((term) => toTerm(term, owner, listers));
}

function toTerm(term: ApiTerm, owner: Pod, listers: Listers): Term {
  const labels = owner.metadata.labels ?? {};
  const same = Object.fromEntries((term.matchLabelKeys ?? []).filter((k) => k in labels).map((k) => [k, labels[k]!]));
  const matcher = labelSelectorMatcher(
    term.labelSelector && { ...term.labelSelector, matchLabels: { ...term.labelSelector.matchLabels, ...same } },
  );
  const names = term.namespaces ?? [];
  const bySelector: LabelMatcher | undefined = term.namespaceSelector ? labelSelectorMatcher(term.namespaceSelector) : undefined;
  const inScope = (namespace: string) => {
    if (names.length === 0 && !bySelector) return namespace === owner.metadata.namespace;
    return names.includes(namespace) || (bySelector?.matches(listers.namespace(namespace)?.metadata.labels) ?? false);
  };
  return { key: term.topologyKey, matches: (pod) => inScope(pod.metadata.namespace!) && matcher.matches(pod.metadata.labels) };
}

function domainsWith(nodes: readonly NodeInfo[], key: string, matches: (pod: Pod) => boolean): Domains {
  const domains: Domains = new Map();
  for (const node of nodes) {
    const domain = domainOf(node, key);
    if (domain === undefined) continue;
    for (const { pod } of node.pods.values()) if (matches(pod)) domains.set(domain, (domains.get(domain) ?? 0) + 1);
  }
  return domains;
}

/** Domains whose pods say by their own anti-affinity that they don't want this one. */
function refusedDomains({ pod, nodes, listers }: Cycle): Set<string> {
  const domains = new Set<string>();
  for (const node of nodes) {
    for (const { pod: other } of node.pods.values()) {
      const list = other.spec!.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      if (!list) continue;
      for (const term of terms(list, other, listers)) {
        const domain = domainOf(node, term.key);
        if (domain !== undefined && term.matches(pod)) domains.add(domain);
      }
    }
  }
  return domains;
}

/** Wishes of this pod about others, and of others about this pod (a hard affinity of theirs counts 1). */
function preferredDomains({ pod, nodes, listers }: Cycle): Domains {
  const domains: Domains = new Map();
  const add = (node: NodeInfo, key: string, weight: number) => {
    const domain = domainOf(node, key);
    if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + weight);
  };
  const own = wishes(pod, listers);
  for (const node of nodes) {
    for (const { pod: other } of node.pods.values()) {
      for (const { term, weight } of own) if (term.matches(other)) add(node, term.key, weight);
      if (!other.spec!.affinity) continue;
      for (const { term, weight } of wishes(other, listers)) if (term.matches(pod)) add(node, term.key, weight);
      const hard = terms(other.spec!.affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, other, listers);
      for (const term of hard) if (term.matches(pod)) add(node, term.key, 1);
    }
  }
  return domains;
}

function wishes(pod: Pod, listers: Listers): { term: Term; weight: number }[] {
  const { podAffinity, podAntiAffinity } = pod.spec!.affinity ?? {};
  const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...near.map((w) => ({ term: toTerm(w.podAffinityTerm, pod, listers), weight: w.weight })),
    ...far.map((w) => ({ term: toTerm(w.podAffinityTerm, pod, listers), weight: -w.weight })),
  ];
}

function scoring(domains: Domains): Pick<Instance, "score" | "normalize"> {
  const keys = new Set([...domains.keys()].map((d) => d.slice(0, d.indexOf("="))));
  return {
    score: (node) => [...keys].reduce((sum, key) => sum + (domains.get(domainOf(node, key) ?? "") ?? 0), 0),
    normalize(scores) {
      const min = Math.min(...scores.values());
      const max = Math.max(...scores.values());
      for (const [node, score] of scores) scores.set(node, max === min ? 0 : Math.floor((MAX_SCORE * (score - min)) / (max - min)));
    },
  };
}
