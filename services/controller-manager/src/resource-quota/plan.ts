import {
  inQuotaScopes,
  type KubeObject,
  parseQuantity,
  type QuotaTarget,
  quotaUsage,
  type ResourceList,
  type ResourceQuota,
  sumUsage,
  usesQuotaResource,
} from "@flotilla/api";

/** All objects of one kind in the quota's namespace. */
export interface Counted {
  target: QuotaTarget;
  objects: readonly KubeObject[];
}

export interface QuotaStatus {
  hard: ResourceList;
  used: ResourceList;
}

/** What status must say: the limits of the spec, and for each of them what the objects use now. Pure. */
export function planStatus(quota: ResourceQuota, counted: readonly Counted[], now_ms: number): QuotaStatus {
  const hard = quota.spec?.hard ?? {};
  const names = Object.keys(hard);
  const usages = counted
    .filter(({ target }) => concerns(names, target))
    .flatMap(({ target, objects }) =>
      objects.filter((object) => inQuotaScopes(quota, target, object)).map((object) => quotaUsage(target, object, now_ms)),
    );
  return { hard: { ...hard }, used: sumUsage(names, usages) };
}

export const concerns = (names: readonly string[], target: QuotaTarget): boolean => names.some((name) => usesQuotaResource(target, name));

export type Change = "none" | "less" | "other";

/** "less": only the use goes down. That may be a count which misses what admission has just let in. */
export function compareStatus({ status }: ResourceQuota, wanted: QuotaStatus): Change {
  const same = (a: ResourceList = {}, b: ResourceList = {}) => {
    const names = Object.keys({ ...a, ...b });
    return names.every((name) => a[name] !== undefined && b[name] !== undefined && nanos(a[name]) === nanos(b[name]));
  };
  if (!same(status?.hard, wanted.hard)) return "other";
  if (same(status?.used, wanted.used)) return "none";
  const before = status?.used ?? {};
  const less = Object.entries(wanted.used).every(([name, used]) => before[name] !== undefined && nanos(used) <= nanos(before[name]));
  return less ? "less" : "other";
}

/** Whether admission has charged something: a count made now may not see it yet. */
export function grew(now: ResourceQuota, before: ResourceQuota): boolean {
  const was = before.status?.used ?? {};
  return Object.entries(now.status?.used ?? {}).some(([name, used]) => was[name] !== undefined && nanos(used) > nanos(was[name]));
}

const nanos = (text: string): bigint => parseQuantity(text).nanos;
