import {
  type LimitRange,
  type PersistentVolumeClaim,
  type Pod,
  parseQuantity,
  podLimits,
  podRequests,
  type ResourceList,
} from "@flotilla/api";

type Item = NonNullable<LimitRange["spec"]>["limits"][number];

/** What of the pod breaks the range, in upstream's words. Pure. */
export function podViolations(range: LimitRange, pod: Pod): string[] {
  const { spec } = pod;
  if (!spec) return [];
  return (range.spec?.limits ?? []).flatMap((item) => {
    if (item.type === "Container") {
      return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
        itemViolations(item, resources?.requests ?? {}, resources?.limits ?? {}),
      );
    }
    return item.type === "Pod" ? itemViolations(item, podRequests(spec), podLimits(spec)) : [];
  });
}

/** A claim has requests only. */
export function claimViolations(range: LimitRange, claim: PersistentVolumeClaim): string[] {
  const requests = claim.spec?.resources?.requests ?? {};
  return (range.spec?.limits ?? [])
    .filter(({ type }) => type === "PersistentVolumeClaim")
    .flatMap((item) => [
      ...each(item.min, (name, min) => belowMin(item.type, name, min, requests, {})),
      ...each(item.max, (name, max) => {
        const usage = `maximum ${name} usage per ${item.type} is ${max}`;
        if (requests[name] === undefined) return `${usage}.  No request is specified`;
        return nanos(requests[name]) > nanos(max) ? `${usage}, but request is ${requests[name]}` : undefined;
      }),
    ]);
}

function itemViolations(item: Item, requests: ResourceList, limits: ResourceList): string[] {
  return [
    ...each(item.min, (name, min) => belowMin(item.type, name, min, requests, limits)),
    ...each(item.max, (name, max) => aboveMax(item.type, name, max, requests, limits)),
    ...each(item.maxLimitRequestRatio, (name, ratio) => aboveRatio(item.type, name, ratio, requests, limits)),
  ];
}

function each(list: ResourceList | undefined, check: (name: string, bound: string) => string | undefined): string[] {
  const names = Object.keys(list ?? {}).sort();
  return names.map((name) => check(name, list![name]!)).filter((found) => found !== undefined);
}

const nanos = (text: string): bigint => parseQuantity(text).nanos;

function belowMin(type: string, name: string, min: string, requests: ResourceList, limits: ResourceList): string | undefined {
  const usage = `minimum ${name} usage per ${type} is ${min}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${usage}.  No request is specified`;
  if (nanos(request) < nanos(min)) return `${usage}, but request is ${request}`;
  return limit !== undefined && nanos(limit) < nanos(min) ? `${usage}, but limit is ${limit}` : undefined;
}

function aboveMax(type: string, name: string, max: string, requests: ResourceList, limits: ResourceList): string | undefined {
  const usage = `maximum ${name} usage per ${type} is ${max}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return `${usage}.  No limit is specified`;
  if (nanos(limit) > nanos(max)) return `${usage}, but limit is ${limit}`;
  return request !== undefined && nanos(request) > nanos(max) ? `${usage}, but request is ${request}` : undefined;
}

function aboveRatio(type: string, name: string, max: string, requests: ResourceList, limits: ResourceList): string | undefined {
  const bound = `${name} max limit to request ratio per ${type} is ${max}`;
  const request = nanos(requests[name] ?? "0");
  const limit = nanos(limits[name] ?? "0");
  if (request === 0n) return `${bound}, but no request is specified or request is 0`;
  if (limit === 0n) return `${bound}, but no limit is specified or limit is 0`;
  // limit / request > max, without division.
  if (limit * 1_000_000_000n <= nanos(max) * request) return undefined;
  return `${bound}, but provided ratio is ${(Number(limit) / Number(request)).toFixed(6)}`;
}
