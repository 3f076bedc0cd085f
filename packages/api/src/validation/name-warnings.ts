import { dns1123LabelErrors } from "../names.ts";
import type { KubeObject } from "../types.ts";

/** A workload's name becomes part of its pods' names and host names. */
export function podNameWarnings(obj: KubeObject): string[] {
  const problems = dns1123LabelErrors(obj.metadata.name ?? "");
  if (problems.length === 0) return [];
  const why = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${why}: [${problems.join(" ")}]`];
}
