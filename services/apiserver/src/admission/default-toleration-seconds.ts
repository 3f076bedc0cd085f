import type { Pod } from "@flotilla/api";
import { type AdmissionPlugin, isPod } from "./admission.ts";

const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const SECONDS = 300;

/** Pods stay five minutes on a node that is gone, unless they say otherwise. */
export function defaultTolerationSeconds(): AdmissionPlugin {
  return {
    name: "DefaultTolerationSeconds",
    mutate(attributes, object) {
      if (!isPod(attributes)) return;
      const { spec } = object as unknown as Pod;
      if (!spec) return;
      for (const key of TAINTS) {
        const tolerated = (spec.tolerations ?? []).some((t) => (!t.key || t.key === key) && (!t.effect || t.effect === "NoExecute"));
        if (tolerated) continue;
        spec.tolerations = [...(spec.tolerations ?? []), { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS }];
      }
    },
  };
}
