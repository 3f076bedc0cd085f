import type { Deployment, ReplicaSet } from "@flotilla/api";

export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const ROLLBACK_TO = "deprecated.deployment.rollback.to";

/** Each belongs to one object alone, so it is not copied from a Deployment to its ReplicaSets. */
const NOT_COPIED = new Set([LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO]);

export type Annotations = Record<string, string>;

export function revisionOf(object: ReplicaSet | Deployment): number {
  const text = object.metadata.annotations?.[REVISION];
  return text && /^\d+$/.test(text) ? Number(text) : 0;
}

export function numberAnnotation(set: ReplicaSet, name: string): number | undefined {
  const text = set.metadata.annotations?.[name];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** The annotations of the set that runs the present template: the Deployment's own, its revision, and what the set had. */
export function newSetAnnotations(deployment: Deployment, set: ReplicaSet | undefined, revision: number): Annotations {
  const out: Annotations = { ...set?.metadata.annotations };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!NOT_COPIED.has(name)) out[name] = value;
  const before = set ? revisionOf(set) : 0;
  if (before >= revision) return out;
  out[REVISION] = String(revision);
  // A set that is rolled back to keeps a list of the revisions it was.
  if (before > 0) out[REVISION_HISTORY] = [out[REVISION_HISTORY], String(before)].filter(Boolean).join(",");
  return out;
}
