import type { Call } from "../request/call.ts";

/** As upstream (flowcontrol/request/width.go): a list costs by how many objects it reads. */
const OBJECTS_PER_SEAT = 100;
const SEATS_MAX = 10;

/** Seats that a request takes; `count` tells how many objects its resource has. */
export function seatsOf(call: Call, count: () => number): number {
  if (call.info.verb !== "list") return 1;
  const limit = Number(call.query.get("limit") ?? 0);
  const all = count();
  // A filter reads them all, whatever it shows; without one the page tells.
  const filtered = call.query.has("labelSelector") || call.query.has("fieldSelector");
  const read = limit > 0 && !filtered ? Math.min(limit, all) : all;
  return Math.max(1, Math.min(SEATS_MAX, Math.ceil(read / OBJECTS_PER_SEAT)));
}
