import { type DaemonSet, DaemonSets, type KubeObject, type Pod } from "@flotilla/api";
import { controllerRef, semanticEqual } from "@flotilla/controller";
import { HASH_LABEL, hashOf } from "./template.ts";

/** apps/v1 ControllerRevision: one version of a template, for `kubectl rollout history` and `undo`. */
export interface ControllerRevision extends KubeObject {
  data?: { spec?: { template?: unknown } };
  revision?: number;
}

export interface HistoryPlan {
  create?: ControllerRevision;
  /** An old template that is current again gets the newest number. */
  update?: ControllerRevision;
  /** Beyond revisionHistoryLimit, and no pod runs it. */
  delete: ControllerRevision[];
}

const LIMIT = 10;

export function planHistory(set: DaemonSet, revisions: ControllerRevision[], pods: Pod[]): HistoryPlan {
  const data = { spec: { template: { ...set.spec!.template, $patch: "replace" } } };
  const last = Math.max(0, ...revisions.map((r) => r.revision ?? 0));
  const current = revisions.find((r) => semanticEqual(r.data, data));
  const running = new Set(pods.map((pod) => pod.metadata.labels?.[HASH_LABEL]));
  const old = revisions.filter((r) => r !== current).sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0));
  const surplus = old.length - (set.spec?.revisionHistoryLimit ?? LIMIT);
  const unused = old.filter((r) => !running.has(r.metadata.labels?.[HASH_LABEL]));
  const plan: HistoryPlan = { delete: surplus > 0 ? unused.slice(0, surplus) : [] };
  if (!current) return { ...plan, create: newRevision(set, data, last + 1) };
  return (current.revision ?? 0) < last ? { ...plan, update: { ...current, revision: last + 1 } } : plan;
}

function newRevision(set: DaemonSet, data: object, revision: number): ControllerRevision {
  const hash = hashOf(set);
  const { name, namespace, annotations = {} } = set.metadata;
  // kubectl reads the change cause from here; its last-applied copy belongs to the set alone.
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...kept } = annotations;
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...set.spec!.template.metadata?.labels, [HASH_LABEL]: hash },
      annotations: kept,
      ownerReferences: [controllerRef(DaemonSets, set)],
    },
    data,
    revision,
  };
}
