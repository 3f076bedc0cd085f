import { type Plugin, reject } from "../plugin.ts";

export const nodeName: Plugin = {
  name: "NodeName",
  retryOn: ["node-added"],
  begin({ pod }) {
    const wanted = pod.spec!.nodeName;
    if (!wanted) return {};
    return { filter: ({ name }) => (name === wanted ? undefined : reject("node(s) didn't match the requested node name", true)) };
  },
};
