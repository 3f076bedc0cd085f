/** The scale subresource of custom resources: paths instead of known fields. */
import type { ScaleView } from "../definition.ts";
import { setMember } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import type { KubeObject } from "../types.ts";
import { readPath, simplePath } from "./jsonpath.ts";

export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

export function scaleView(paths: ScalePaths): ScaleView {
  const spec = simplePath(paths.specReplicasPath) ?? [];
  const status = simplePath(paths.statusReplicasPath) ?? [];
  const selector = simplePath(paths.labelSelectorPath ?? "");
  return {
    get(obj: KubeObject): KubeObject {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = obj.metadata;
      const text = selector && readPath(obj, selector);
      return {
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
        spec: { replicas: numberAt(obj, spec) },
        status: { replicas: numberAt(obj, status), ...(typeof text === "string" && text !== "" ? { selector: text } : {}) },
      };
    },
    set(obj, scale) {
      const replicas = (scale["spec"] as { replicas?: number } | undefined)?.replicas ?? 0;
      let at: Record<string, unknown> = obj;
      for (const name of spec.slice(0, -1)) {
        if (!Object.hasOwn(at, name) || !isObject(at[name])) setMember(at, name, {});
        at = at[name] as Record<string, unknown>;
      }
      setMember(at, spec.at(-1)!, replicas);
    },
  };
}

function numberAt(obj: unknown, path: readonly string[]): number {
  const value = readPath(obj, path);
  return typeof value === "number" ? value : 0;
}
