import { matchesNodeAffinity, matchesNodeSelectorTerm } from "@flotilla/api";
import { type Instance, normalizeByMax, type Plugin, reject } from "../plugin.ts";

export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  retryOn: ["node-added", "node-changed"],
  begin({ pod }) {
    const spec = pod.spec!;
    const affinity = spec.affinity?.nodeAffinity;
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const instance: Instance = {};
    if (spec.nodeSelector || affinity?.requiredDuringSchedulingIgnoredDuringExecution) {
      instance.filter = ({ node }) =>
        matchesNodeAffinity(spec, node) ? undefined : reject("node(s) didn't match Pod's node affinity/selector", true);
    }
    if (preferred.length > 0) {
      instance.score = ({ node }) =>
        preferred.reduce((sum, p) => sum + (p.weight !== 0 && matchesNodeSelectorTerm(p.preference, node) ? p.weight : 0), 0);
      instance.normalize = normalizeByMax;
    }
    return instance;
  },
};
