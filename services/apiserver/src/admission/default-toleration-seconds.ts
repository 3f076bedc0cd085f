import type { Pod } from "@flotilla/api";
import { type AdmissionPlugin, isPod } from "./admission.ts";

/** Pods stay for a while (five minutes) on a node that is gone, unless they say otherwise. */
export function defaultTolerationSeconds({
  tolerations,
}: {
  tolerations: { notReady_seconds: number; unreachable_seconds: number };
}): AdmissionPlugin {
  const taints = [
    ["node.kubernetes.io/not-ready", tolerations.notReady_seconds],
    ["node.kubernetes.io/unreachable", tolerations.unreachable_seconds],
  ] as const;
  return {
    name: "DefaultTolerationSeconds",
    mutate(attributes, object) {
      if (!isPod(attributes)) return;
      const { spec } = object as unknown as Pod;
      if (!spec) return;
      for (const [key, tolerationSeconds] of taints) {
        const tolerated = (spec.tolerations ?? []).some((t) => (!t.key || t.key === key) && (!t.effect || t.effect === "NoExecute"));
        if (tolerated) continue;
        spec.tolerations = [...(spec.tolerations ?? []), { key, operator: "Exists", effect: "NoExecute", tolerationSeconds }];
      }
    },
  };
}
