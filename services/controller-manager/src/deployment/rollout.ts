import { type Deployment, type ReplicaSet, resolveFenceposts } from "@flotilla/api";
import { semanticEqual } from "@flotilla/controller";
import { DESIRED_REPLICAS, MAX_REPLICAS, numberAnnotation } from "./annotations.ts";

export type Write =
  | { kind: "create"; set: ReplicaSet }
  | { kind: "update"; set: ReplicaSet; scaled?: { from: number; to: number } }
  | { kind: "delete"; set: ReplicaSet };

export const replicasOf = (o: ReplicaSet | Deployment): number => o.spec?.replicas ?? 1;
export const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;
export const sum = <T>(items: T[], of: (item: T) => number): number => items.reduce((n, item) => n + of(item), 0);
export const byCreation = (a: ReplicaSet, b: ReplicaSet): number =>
  (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? "") ||
  (a.metadata.name ?? "").localeCompare(b.metadata.name ?? "");

/**
 * A Deployment with its ReplicaSets while one sync is planned. Pure: changes are made to
 * copies and remembered as writes.
 * Invariants: cached objects are never changed; each set has at most one write.
 */
export class Rollout {
  readonly deployment: Deployment;
  readonly now_ms: number;
  newSet: ReplicaSet | undefined;
  oldSets: ReplicaSet[];
  private readonly pending = new Map<string, Write>();

  constructor(deployment: Deployment, sets: ReplicaSet[], now_ms: number) {
    this.deployment = deployment;
    this.now_ms = now_ms;
    const ordered = [...sets].sort(byCreation);
    this.newSet = ordered.find((set) => sameTemplate(set, deployment));
    this.oldSets = ordered.filter((set) => set !== this.newSet);
  }

  get desired(): number {
    return replicasOf(this.deployment);
  }

  get allSets(): ReplicaSet[] {
    return this.newSet ? [...this.oldSets, this.newSet] : this.oldSets;
  }

  get isRolling(): boolean {
    return (this.deployment.spec?.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
  }

  private get fence(): { surge: number; unavailable: number } {
    if (!this.isRolling) return { surge: 0, unavailable: 0 };
    const rolling = this.deployment.spec?.strategy?.rollingUpdate;
    const { maxSurge = "25%", maxUnavailable = "25%" } = rolling ?? {};
    return resolveFenceposts(maxSurge as string, maxUnavailable as string, this.desired);
  }

  get maxSurge(): number {
    return this.desired === 0 ? 0 : this.fence.surge;
  }

  /** Never more than there are. */
  get maxUnavailable(): number {
    return this.desired === 0 ? 0 : Math.min(this.fence.unavailable, this.desired);
  }

  get writes(): Write[] {
    return [...this.pending.values()];
  }

  create(set: ReplicaSet): void {
    this.newSet = set;
    this.pending.set(set.metadata.name!, { kind: "create", set });
  }

  /** Sets the size and the annotations that say for which size of the Deployment it was. @returns whether the size changed */
  scale(set: ReplicaSet, replicas: number): boolean {
    const from = replicasOf(set);
    const sizes = this.sizeAnnotations();
    const annotated = Object.entries(sizes).every(([name, value]) => set.metadata.annotations?.[name] === value);
    if (from === replicas && annotated) return false;
    const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...sizes } };
    this.replace({ ...set, metadata, spec: { ...set.spec!, replicas } }, from === replicas ? undefined : { from, to: replicas });
    return from !== replicas;
  }

  /** Replaces the working copy of a set and writes it. */
  replace(set: ReplicaSet, scaled?: { from: number; to: number }): void {
    const name = set.metadata.name!;
    if (this.newSet?.metadata.name === name) this.newSet = set;
    else this.oldSets = this.oldSets.map((s) => (s.metadata.name === name ? set : s));
    const before = this.pending.get(name);
    if (before?.kind === "create") this.pending.set(name, { kind: "create", set });
    else this.pending.set(name, { kind: "update", set, scaled: scaled ?? (before?.kind === "update" ? before.scaled : undefined) });
  }

  delete(set: ReplicaSet): void {
    this.oldSets = this.oldSets.filter((s) => s !== set);
    this.pending.set(set.metadata.name!, { kind: "delete", set });
  }

  sizeAnnotations(): Record<string, string> {
    return { [DESIRED_REPLICAS]: String(this.desired), [MAX_REPLICAS]: String(this.desired + this.maxSurge) };
  }

  /** Someone changed spec.replicas since the sets were sized. */
  isScaling(): boolean {
    return this.allSets
      .filter((set) => replicasOf(set) > 0)
      .some((set) => {
        const annotated = numberAnnotation(set, DESIRED_REPLICAS);
        return annotated !== undefined && annotated !== this.desired;
      });
  }
}

/** Equal but for the label that the controller itself adds. */
function sameTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  const { "pod-template-hash": _, ...labels } = set.spec?.template?.metadata?.labels ?? {};
  const template = { ...set.spec?.template, metadata: { ...set.spec?.template?.metadata, labels } };
  return semanticEqual(template, deployment.spec?.template);
}
