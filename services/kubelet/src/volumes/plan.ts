import { join, normalize } from "node:path";
import type { Pod } from "@flotilla/api";

export type Volume = NonNullable<NonNullable<Pod["spec"]>["volumes"]>[number];

/** What is to be put where for one volume of a pod. */
export type VolumePlan =
  | { kind: "emptyDir"; path: string; memory: boolean; sizeLimit?: string }
  | { kind: "hostPath"; path: string; type: string }
  /** Written from API objects, kept up to date. */
  | { kind: "files"; path: string; volume: Volume }
  | { kind: "unsupported"; plugin: string };

export const podDirectory = (root: string, uid: string): string => join(root, "pods", uid);

export function planVolume(root: string, pod: Pod, volume: Volume): VolumePlan {
  const at = (plugin: string) => join(podDirectory(root, pod.metadata.uid!), "volumes", `kubernetes.io~${plugin}`, volume.name);
  if (volume.emptyDir) {
    const { medium, sizeLimit } = volume.emptyDir;
    return { kind: "emptyDir", path: at("empty-dir"), memory: medium === "Memory", sizeLimit };
  }
  if (volume.hostPath) return { kind: "hostPath", path: volume.hostPath.path, type: volume.hostPath.type ?? "" };
  if (volume.configMap) return { kind: "files", path: at("configmap"), volume };
  if (volume.secret) return { kind: "files", path: at("secret"), volume };
  if (volume.downwardAPI) return { kind: "files", path: at("downward-api"), volume };
  if (volume.projected) return { kind: "files", path: at("projected"), volume };
  const plugin = Object.keys(volume).find((key) => key !== "name");
  // No source at all means emptyDir.
  return plugin === undefined ? { kind: "emptyDir", path: at("empty-dir"), memory: false } : { kind: "unsupported", plugin };
}

/** A path inside of a volume that stays inside; undefined for one that climbs out. */
export function safeRelative(path: string): string | undefined {
  const clean = normalize(path);
  return clean.startsWith("/") || clean === ".." || clean.startsWith("../") ? undefined : clean;
}
