import { type Bytes, type KeyRange, NO_END } from "@flotilla/mvcc";
import type { Permission } from "./types.ts";

/** A half-open interval of keys; `end` undefined: no end. */
interface Interval {
  from: Bytes;
  end: Bytes | undefined;
}

/** What a user may do, from all roles: intervals in order, none touching the next. */
export interface Rights {
  readonly read: readonly Interval[];
  readonly write: readonly Interval[];
}

/** One set of rights from many permissions: two adjoining ranges grant what one of both lengths would. */
export function rightsOf(permissions: Iterable<Permission>): Rights {
  const read: Interval[] = [];
  const write: Interval[] = [];
  for (const p of permissions) {
    if (p.kind !== "write") read.push(intervalOf(p));
    if (p.kind !== "read") write.push(intervalOf(p));
  }
  return { read: merge(read), write: merge(write) };
}

/** Is every key of the range inside of the intervals? */
export function covers(intervals: readonly Interval[], range: KeyRange): boolean {
  const { from, end } = intervalOf(range);
  return intervals.some((i) => i.from <= from && !ends(i.end, end));
}

/** A key alone is the interval up to its successor. */
function intervalOf({ key, end }: KeyRange): Interval {
  if (end === undefined) return { from: key, end: `${key}\0` };
  return { from: key, end: end === NO_END ? undefined : end };
}

/** Does an interval that ends at `a` end before one that ends at `b`? */
const ends = (a: Bytes | undefined, b: Bytes | undefined) => a !== undefined && (b === undefined || a < b);

function merge(intervals: Interval[]): Interval[] {
  const out: Interval[] = [];
  for (const next of intervals.sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = out.at(-1);
    if (last && (last.end === undefined || next.from <= last.end)) {
      if (ends(last.end, next.end)) last.end = next.end;
    } else out.push({ ...next });
  }
  return out;
}

/** May a permission be granted on this range? Not on an empty one, nor on no key. */
export const isGrantable = ({ key, end }: KeyRange) => key.length > 0 && (end === undefined || end === NO_END || key < end);
