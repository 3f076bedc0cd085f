import type { Pod } from "@flotilla/api";
import { allContainers } from "./pod.ts";
import { quantity } from "./quantity.ts";

/** Guaranteed: every container limits cpu and memory, and requests the same. BestEffort: none asks for anything. */
export function qosClass(pod: Pod): "Guaranteed" | "Burstable" | "BestEffort" {
  let guaranteed = true;
  let any = false;
  for (const container of allContainers(pod)) {
    const { requests = {}, limits = {} } = container.resources ?? {};
    for (const name of ["cpu", "memory"]) {
      const limit = quantity(limits[name]);
      const request = name in requests ? quantity(requests[name]) : limit;
      if (limit > 0 || request > 0) any = true;
      if (limit <= 0 || request !== limit) guaranteed = false;
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}
