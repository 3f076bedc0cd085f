import { type HostPort, hostPortsOf } from "../node-info.ts";
import { type Plugin, reject } from "../plugin.ts";

export const nodePorts: Plugin = {
  name: "NodePorts",
  retryOn: ["node-added", "pod-removed"],
  begin({ pod }) {
    const wanted = hostPortsOf(pod);
    if (wanted.length === 0) return {};
    return {
      filter(node) {
        for (const placed of node.pods.values()) {
          if (hostPortsOf(placed.pod).some((used) => wanted.some((w) => conflict(used, w)))) {
            return reject("node(s) didn't have free ports for the requested pod ports");
          }
        }
        return undefined;
      },
    };
  },
};

/** 0.0.0.0 collides with every address. */
function conflict(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0");
}
