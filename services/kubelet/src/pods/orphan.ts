import type { Pod } from "@flotilla/api";
import { ANNOTATION } from "../cri/labels.ts";
import type { ObservedPod } from "../cri/observed.ts";

/** As much of a pod as its containers tell. Pure. */
export function orphan(observed: ObservedPod): Pod {
  const graces = observed.containers.map((c) => Number(c.annotations[ANNOTATION.terminationGrace])).filter((n) => n >= 0);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: observed.name, namespace: observed.namespace, uid: observed.uid },
    spec: { containers: [], restartPolicy: "Never", terminationGracePeriodSeconds: graces[0] ?? 30 },
  };
}
