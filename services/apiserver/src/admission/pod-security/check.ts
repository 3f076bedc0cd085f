import type { Container, ObjectMeta, PodSpec } from "@flotilla/api";

/** Why a pod is not allowed: "privileged", and in brackets `container "c" must not …`. */
export interface Finding {
  reason: string;
  detail: string;
}

export interface Subject {
  metadata: Pick<ObjectMeta, "annotations">;
  spec: PodSpec;
}

export interface Check {
  /** Upstream's ID: findings come in the order of these. */
  id: string;
  /** The first minor version of Kubernetes with this check. */
  since: number;
  /** Baseline checks that this one is stricter than. */
  overrides?: string[];
  find(subject: Subject, minor: number): Finding | undefined;
}

type SecurityContext = NonNullable<Container["securityContext"]>;
export type Profile = { type?: string };

export function containersOf({ initContainers = [], containers = [], ephemeralContainers = [] }: PodSpec): Container[] {
  return [...initContainers, ...containers, ...(ephemeralContainers as unknown as Container[])];
}

export const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);
export const quoted = (names: Iterable<string>): string => Array.from(names, (name) => JSON.stringify(name)).join(", ");
export const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();

/** `container "a"`, `containers "a", "b"`. */
export const naming = (containers: readonly Container[]): string =>
  `${plural(containers.length, "container")} ${quoted(containers.map(({ name }) => name))}`;

/** The containers whose security context is bad in the eyes of `bad`; undefined stands for none. */
export const containersWhere = (spec: PodSpec, bad: (context: SecurityContext | undefined) => boolean): Container[] =>
  containersOf(spec).filter(({ securityContext }) => bad(securityContext));

/** "pod", "pod and container "a"": who sets something that they must not. */
export function setters(pod: boolean, containers: readonly Container[]): string | undefined {
  const all = [...(pod ? ["pod"] : []), ...(containers.length > 0 ? [naming(containers)] : [])];
  return all.length > 0 ? all.join(" and ") : undefined;
}

/** Linux settings mean nothing to a Windows pod; since 1.25 they are not asked of it. */
export const isWindows = ({ os }: PodSpec, minor: number): boolean => minor >= 25 && os?.name === "windows";

export const VALID_SECCOMP = new Set(["RuntimeDefault", "Localhost"]);
