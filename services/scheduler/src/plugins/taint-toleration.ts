import { findUntoleratedTaint, toleratesTaint } from "@flotilla/api";
import { normalizeByMax, type Plugin, reject } from "../plugin.ts";

export const taintToleration: Plugin = {
  name: "TaintToleration",
  retryOn: ["node-added", "node-changed"],
  begin({ pod }) {
    const tolerations = pod.spec!.tolerations ?? [];
    const soft = tolerations.filter((t) => !t.effect || t.effect === "PreferNoSchedule");
    return {
      filter({ node }) {
        const taint = findUntoleratedTaint(node.spec?.taints, tolerations, ["NoSchedule", "NoExecute"]);
        return taint && reject(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`, true);
      },
      score: ({ node }) =>
        (node.spec?.taints ?? []).filter((t) => t.effect === "PreferNoSchedule" && !soft.some((s) => toleratesTaint(s, t))).length,
      normalize: (scores) => normalizeByMax(scores, true),
    };
  },
};
