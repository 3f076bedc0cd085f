import { apiError } from "@flotilla/api";
import type { Patch } from "../client.ts";

/** Merge keys of the lists that tests patch; real servers derive them from the schema. */
const MERGE_KEYS: Record<string, string> = {
  conditions: "type",
  containers: "name",
  initContainers: "name",
  volumes: "name",
  env: "name",
  ports: "containerPort",
  ownerReferences: "uid",
  taints: "key",
  addresses: "type",
};
/** Lists of plain values that are merged as sets. */
const SETS = new Set(["finalizers", "podCIDRs"]);

/** Patches a copy of `object`. */
export function applyPatch(object: unknown, patch: Patch): any {
  const copy = structuredClone(object);
  switch (patch.type) {
    case "merge":
      return merge(copy, patch.body, false);
    case "strategic":
    case "apply":
      return merge(copy, patch.body, true);
    case "json":
      return patch.body.reduce<any>((o, step) => jsonPatchStep(o, step as JsonPatchStep), copy);
  }
}

/** RFC 7386, and with `strategic` keyed lists besides. */
function merge(target: any, patch: any, strategic: boolean, field = ""): any {
  if (Array.isArray(patch)) return strategic ? mergeList(target, patch, field) : structuredClone(patch);
  if (patch === null || typeof patch !== "object") return patch;
  const out: any = target !== null && typeof target === "object" && !Array.isArray(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$deleteFromPrimitiveList/")) {
      const name = key.slice(key.indexOf("/") + 1);
      out[name] = (out[name] ?? []).filter((v: unknown) => !(value as unknown[]).includes(v));
    } else if (key.startsWith("$")) {
      // $setElementOrder and $retainKeys do not matter to tests; $patch is handled in lists.
    } else if (value === null) delete out[key];
    else out[key] = merge(out[key], value, strategic, key);
  }
  return out;
}

function mergeList(target: any, patch: any[], field: string): any[] {
  const old = Array.isArray(target) ? target : [];
  if (SETS.has(field)) return [...new Set([...old, ...patch])];
  const key = MERGE_KEYS[field];
  if (!key) return structuredClone(patch);
  const out = [...old];
  for (const item of patch) {
    const at = out.findIndex((o) => o[key] === item[key]);
    if (item.$patch === "delete") {
      if (at >= 0) out.splice(at, 1);
    } else if (at >= 0) out[at] = merge(out[at], item, true);
    else out.push(structuredClone(item));
  }
  return out;
}

interface JsonPatchStep {
  op: string;
  path: string;
  value?: unknown;
}

/** RFC 6902: add, remove, replace, test. */
function jsonPatchStep(root: any, step: JsonPatchStep): any {
  const path = step.path
    .split("/")
    .slice(1)
    .map((p) => p.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = path.pop();
  if (last === undefined) return structuredClone(step.value);
  const parent = path.reduce((o, key) => o?.[key], root);
  if (parent === undefined) throw apiError("Invalid", `the path ${step.path} does not exist`);
  if (step.op === "test") {
    if (JSON.stringify(parent[last]) !== JSON.stringify(step.value)) throw apiError("Invalid", `testing path ${step.path} failed`);
  } else if (Array.isArray(parent)) {
    const at = last === "-" ? parent.length : Number(last);
    if (step.op === "add") parent.splice(at, 0, step.value);
    else if (step.op === "remove") parent.splice(at, 1);
    else parent[at] = step.value;
  } else if (step.op === "remove") delete parent[last];
  else parent[last] = structuredClone(step.value);
  return root;
}
