import { isDeepStrictEqual } from "node:util";
import type { Pod } from "@flotilla/api";

/** Whether a pod changed in something that its worker acts upon: our own status writes come back as updates too. */
export function podChanged(pod: Pod, old: Pod): boolean {
  const { metadata: a, spec: specA } = pod;
  const { metadata: b, spec: specB } = old;
  if (a.deletionTimestamp !== b.deletionTimestamp || a.deletionGracePeriodSeconds !== b.deletionGracePeriodSeconds) return true;
  if (!isDeepStrictEqual(a.labels, b.labels) || !isDeepStrictEqual(a.annotations, b.annotations)) return true;
  if (specA?.readinessGates?.length && !isDeepStrictEqual(pod.status?.conditions, old.status?.conditions)) return true;
  return !isDeepStrictEqual(specA, specB);
}
