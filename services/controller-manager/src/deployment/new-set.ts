import { apiVersionOf, type Deployment, Deployments, type ReplicaSet, ReplicaSets } from "@flotilla/api";
import { controllerRef, semanticEqual, templateHash } from "@flotilla/controller";
import { newSetAnnotations, revisionOf } from "./annotations.ts";
import { type Rollout, replicasOf, sum } from "./rollout.ts";

/** Brings the new set's annotations up to date, or creates the set. */
export function ensureNewSet(rollout: Rollout, create: boolean): void {
  const { deployment } = rollout;
  const revision = Math.max(0, ...rollout.oldSets.map(revisionOf)) + 1;
  const set = rollout.newSet;
  if (!set) {
    if (create) rollout.create(buildSet(rollout, revision));
    return;
  }
  const annotations = newSetAnnotations(deployment, set, revision);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  if (semanticEqual(annotations, set.metadata.annotations) && minReadySeconds === (set.spec?.minReadySeconds ?? 0)) return;
  rollout.replace({ ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec!, minReadySeconds } });
}

function buildSet(rollout: Rollout, revision: number): ReplicaSet {
  const { deployment } = rollout;
  const hash = templateHash(deployment.spec!.template, deployment.status?.collisionCount ?? 0);
  const template = withHash(deployment, hash);
  const selector = { ...deployment.spec!.selector };
  return {
    apiVersion: apiVersionOf(ReplicaSets),
    kind: ReplicaSets.kind,
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels: template.metadata?.labels,
      annotations: { ...newSetAnnotations(deployment, undefined, revision), ...rollout.sizeAnnotations() },
      ownerReferences: [controllerRef(Deployments, deployment)],
    },
    spec: {
      replicas: newSetSize(rollout, 0),
      minReadySeconds: deployment.spec?.minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, "pod-template-hash": hash } },
      template,
    },
  };
}

function withHash(deployment: Deployment, hash: string) {
  const template = deployment.spec!.template;
  const labels = { ...template.metadata?.labels, "pod-template-hash": hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** How large the new set may be now: all at once on Recreate, within the surge on RollingUpdate. */
export function newSetSize(rollout: Rollout, present: number): number {
  const { desired } = rollout;
  if (!rollout.isRolling) return desired;
  const room = desired + rollout.maxSurge - sum(rollout.allSets, replicasOf);
  return room <= 0 ? present : present + Math.min(room, Math.max(desired - present, 0));
}
