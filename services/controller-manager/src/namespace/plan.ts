import type { Namespace } from "@flotilla/api";
import { type StatusCondition, withCondition } from "@flotilla/controller";

/** What is left of one resource in a namespace that is going away. */
export interface Remaining {
  /** "pods.", "deployments.apps": as upstream writes them. */
  resource: string;
  count: number;
  finalizers: string[];
}

/** The conditions that tell a user why a namespace is still there. */
export function deletionConditions(namespace: Namespace, remaining: Remaining[], failures: string[], now_ms: number): StatusCondition[] {
  const left = remaining.filter((r) => r.count > 0);
  const finalizers = new Map<string, number>();
  for (const r of left) for (const f of r.finalizers) finalizers.set(f, (finalizers.get(f) ?? 0) + 1);
  const judged: [string, boolean, [string, string], [string, string]][] = [
    ["NamespaceDeletionDiscoveryFailure", false, ["", ""], ["ResourcesDiscovered", "All resources successfully discovered"]],
    ["NamespaceDeletionGroupVersionParsingFailure", false, ["", ""], ["ParsedGroupVersions", "All legacy kube types successfully parsed"]],
    [
      "NamespaceDeletionContentFailure",
      failures.length > 0,
      ["ContentDeletionFailed", `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(", ")}`],
      ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
    ],
    [
      "NamespaceContentRemaining",
      left.length > 0,
      [
        "SomeResourcesRemain",
        `Some resources are remaining: ${left
          .map((r) => `${r.resource} has ${r.count} resource instances`)
          .sort()
          .join(", ")}`,
      ],
      ["ContentRemoved", "All content successfully removed"],
    ],
    [
      "NamespaceFinalizersRemaining",
      finalizers.size > 0,
      [
        "SomeFinalizersRemain",
        `Some content in the namespace has finalizers remaining: ${[...finalizers]
          .map(([f, n]) => `${f} in ${n} resource instances`)
          .sort()
          .join(", ")}`,
      ],
      ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
    ],
  ];
  let conditions = (namespace.status?.conditions ?? []) as StatusCondition[];
  for (const [type, bad, whenBad, whenGood] of judged) {
    const [reason, message] = bad ? whenBad : whenGood;
    const status = bad ? "True" : "False";
    const old = conditions.find((c) => c.type === type);
    conditions = withCondition(conditions, { type, status, reason, message }, now_ms);
    // Same verdict, other numbers.
    if (old && old.message !== message) conditions = conditions.map((c) => (c.type === type ? { ...c, message } : c));
  }
  return conditions;
}
