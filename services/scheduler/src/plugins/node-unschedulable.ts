import { toleratesTaint } from "@flotilla/api";
import { type Plugin, reject } from "../plugin.ts";

const TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Cordoned nodes take no pods, but for those that tolerate the taint a cordon stands for. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  retryOn: ["node-added", "node-changed"],
  begin({ pod }) {
    const tolerated = (pod.spec!.tolerations ?? []).some((t) => toleratesTaint(t, TAINT));
    if (tolerated) return {};
    return { filter: ({ node }) => (node.spec?.unschedulable ? reject("node(s) were unschedulable", true) : undefined) };
  },
};
