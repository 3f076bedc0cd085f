import type { Store } from "./store.ts";
import type { RangeQuery, RangeResult, SortTarget } from "./types.ts";
import type { Version } from "./version.ts";

/** @throws StoreError when the asked revision is compacted or not there yet. */
export function range(store: Store, query: RangeQuery): RangeResult {
  store.checkRevision(query.revision);
  const filtered = query.modRevision_min > 0 || query.modRevision_max > 0 || query.createRevision_min > 0 || query.createRevision_max > 0;
  // Sorting by anything but the ascending key needs all of them before the limit applies.
  const sorted = query.sort && !(query.sort.target === "key" && !query.sort.descending) ? query.sort : undefined;
  const collectAll = filtered || sorted !== undefined;
  let kvs: Version[] = [];
  let count = 0;
  store.forEach(query, query.revision, (v) => {
    count++;
    if (!query.countOnly && (collectAll || query.limit === 0 || kvs.length < query.limit)) kvs.push(v);
    return true;
  });
  if (query.countOnly) return { kvs: [], more: false, count };
  if (filtered) kvs = kvs.filter((v) => passes(v, query));
  if (sorted) kvs.sort(comparator(sorted.target, sorted.descending));
  const available = collectAll ? kvs.length : count;
  const more = query.limit > 0 && available > query.limit;
  return { kvs: more ? kvs.slice(0, query.limit) : kvs, more, count };
}

function passes(v: Version, q: RangeQuery): boolean {
  if (q.modRevision_min > 0 && v.mod < q.modRevision_min) return false;
  if (q.modRevision_max > 0 && v.mod > q.modRevision_max) return false;
  if (q.createRevision_min > 0 && v.create < q.createRevision_min) return false;
  return !(q.createRevision_max > 0 && v.create > q.createRevision_max);
}

function comparator(target: SortTarget, descending: boolean): (a: Version, b: Version) => number {
  const value = (v: Version): string | number => (target === "key" ? v.key : target === "value" ? v.value : v[target]);
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const x = value(a);
    const y = value(b);
    return x < y ? -sign : x > y ? sign : 0;
  };
}
