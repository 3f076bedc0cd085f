import type { Container, KubeObject, LimitRange, PersistentVolumeClaim, Pod } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import { type AdmissionAttributes, type AdmissionPlugin, isPod } from "./admission.ts";
import { type CacheReader, cachedObjects } from "./cached.ts";
import { claimViolations, podViolations } from "./limits/violations.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

/** Fills and checks what LimitRanges say of the resources of pods, their containers, and claims (upstream's LimitRanger). */
export function limitRanger({ store }: { store: CacheReader }): AdmissionPlugin {
  const rangesOf = (namespace: string) => cachedObjects<LimitRange>(store, "limitranges", namespace);
  return {
    name: "LimitRanger",
    mutate(attributes, object, old) {
      if (!isPod(attributes) || !concerns(attributes, old)) return;
      for (const range of rangesOf(attributes.namespace)) applyContainerDefaults(range, object as unknown as Pod);
    },
    validate(attributes, object, old) {
      if (!object || !concerns(attributes, old)) return;
      for (const range of rangesOf(attributes.namespace)) {
        const found = isPod(attributes)
          ? podViolations(range, object as unknown as Pod)
          : claimViolations(range, object as unknown as PersistentVolumeClaim);
        if (found.length > 0) throw forbidden(attributes.definition, attributes.name, aggregate(found));
      }
    },
  };
}

/** Go's errors.Aggregate: one as it is, several in brackets. */
export function aggregate(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? unique[0]! : `[${unique.join(", ")}]`;
}

/** Pods keep the resources they were made with; claims grow. */
function concerns({ definition, operation, subresource }: AdmissionAttributes, old: KubeObject | undefined): boolean {
  if (definition.group !== "" || subresource !== "") return false;
  if (definition.resource === "pods") return operation === "CREATE";
  return (
    definition.resource === "persistentvolumeclaims" &&
    (operation === "CREATE" || (operation === "UPDATE" && !old?.metadata.deletionTimestamp))
  );
}

function applyContainerDefaults(range: LimitRange, pod: Pod): void {
  if (!pod.spec) return;
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const item of range.spec?.limits ?? []) {
    if (item.type !== "Container") continue;
    // The wire calls it "default"; the generated type escapes the word.
    Object.assign(limits, (item as { default?: Record<string, string> }).default);
    Object.assign(requests, item.defaultRequest);
  }
  const done = [
    ...(pod.spec.containers ?? []).flatMap((container) => fill(container, "container", requests, limits)),
    ...(pod.spec.initContainers ?? []).flatMap((container) => fill(container, "init container", requests, limits)),
  ];
  if (done.length === 0) return;
  pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${done.join("; ")}` };
}

/** Says what it has filled in, for the annotation. */
function fill(container: Container, what: string, requests: Record<string, string>, limits: Record<string, string>): string[] {
  const { resources = {} } = container;
  const missing = (defaults: Record<string, string>, present: Record<string, string> = {}) =>
    Object.keys(defaults)
      .filter((name) => present[name] === undefined)
      .sort();
  const limited = missing(limits, resources.limits);
  const requested = missing(requests, resources.requests);
  if (limited.length + requested.length === 0) return [];
  const pick = (names: string[], from: Record<string, string>) => Object.fromEntries(names.map((name) => [name, from[name]!]));
  container.resources = {
    ...resources,
    ...(limited.length > 0 ? { limits: { ...resources.limits, ...pick(limited, limits) } } : {}),
    ...(requested.length > 0 ? { requests: { ...resources.requests, ...pick(requested, requests) } } : {}),
  };
  return [
    ...(requested.length > 0 ? [`${requested.join(", ")} request for ${what} ${container.name}`] : []),
    ...(limited.length > 0 ? [`${limited.join(", ")} limit for ${what} ${container.name}`] : []),
  ];
}
