/** Admission's arithmetic over one quota (upstream's apiserver/pkg/admission/plugin/resourcequota). Pure. */
import { addQuantity, formatQuantity, parseQuantity, type ResourceList, subtractQuantity } from "../quantity.ts";
import type { Container, KubeObject, Pod, ResourceQuota } from "../types.ts";
import { inQuotaScopes } from "./scopes.ts";
import { type QuotaTarget, resourcesUsage, usesQuotaResource } from "./usage.ts";

/** Compute resources that every container must name once a quota counts them. */
const MUST_NAME = new Set(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);

/** The quota's resources that this object uses, or undefined when the quota does not concern it. */
export function quotaResources(quota: ResourceQuota, target: QuotaTarget, object: KubeObject): string[] | undefined {
  const names = Object.keys(quota.status?.hard ?? {}).filter((name) => usesQuotaResource(target, name));
  return names.length > 0 && inQuotaScopes(quota, target, object) ? names.sort() : undefined;
}

/** "must specify limits.cpu for: a,b; …", or undefined when every container says what it needs. */
export function missingRequirements(names: readonly string[], target: QuotaTarget, object: KubeObject): string | undefined {
  if (target.group !== "" || target.resource !== "pods") return undefined;
  const required = names.filter((name) => MUST_NAME.has(name));
  const { spec } = object as unknown as Pod;
  if (required.length === 0 || !spec) return undefined;
  const missing = required
    .map((name) => ({ name, containers: containersWithout(name, [...spec.containers, ...(spec.initContainers ?? [])]) }))
    .filter(({ containers }) => containers.length > 0);
  if (missing.length === 0) return undefined;
  return `must specify ${missing.map(({ name, containers }) => `${name} for: ${containers.join(",")}`).join("; ")}`;
}

function containersWithout(name: string, containers: Container[]): string[] {
  return containers
    .filter(({ resources }) => resourcesUsage(resources?.requests ?? {}, resources?.limits ?? {})[name] === undefined)
    .map((container) => container.name)
    .sort();
}

/** What an update adds: never less than nothing; what stays as it was is left out. */
export function usageDelta(usage: ResourceList, before: ResourceList): ResourceList {
  const delta: ResourceList = {};
  for (const [name, text] of Object.entries(usage)) {
    const more = subtractQuantity(parseQuantity(text), parseQuantity(before[name] ?? "0"));
    if (more.nanos > 0n) delta[name] = formatQuantity(more);
  }
  return delta;
}

/** The amounts below zero: nobody may earn quota by asking for less than nothing. */
export const negativeNames = (usage: ResourceList): string[] =>
  Object.keys(usage)
    .filter((name) => parseQuantity(usage[name]!).nanos < 0n)
    .sort();

export type Charge = { ok: true; used: ResourceList } | { ok: false; message: string };

/** Adds `delta` to what is used, if all of it still fits under `hard`. */
export function chargeQuota(name: string, hard: ResourceList, used: ResourceList, delta: ResourceList): Charge {
  const after = { ...used };
  const exceeded: string[] = [];
  for (const resource of Object.keys(delta).sort()) {
    if (hard[resource] === undefined) continue;
    const sum = addQuantity(parseQuantity(used[resource] ?? "0"), parseQuantity(delta[resource]!));
    after[resource] = formatQuantity(sum);
    if (sum.nanos > parseQuantity(hard[resource]).nanos) exceeded.push(resource);
  }
  if (exceeded.length === 0) return { ok: true, used: after };
  const show = (list: ResourceList) => exceeded.map((resource) => `${resource}=${list[resource] ?? "0"}`).join(",");
  return { ok: false, message: `exceeded quota: ${name}, requested: ${show(delta)}, used: ${show(used)}, limited: ${show(hard)}` };
}

/** Gives back what a write that failed had been charged. */
export function refundQuota(used: ResourceList, delta: ResourceList): ResourceList {
  const after = { ...used };
  for (const [resource, amount] of Object.entries(delta)) {
    if (after[resource] === undefined) continue;
    const rest = subtractQuantity(parseQuantity(after[resource]), parseQuantity(amount));
    after[resource] = rest.nanos > 0n ? formatQuantity(rest) : "0";
  }
  return after;
}
