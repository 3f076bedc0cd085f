import { readFileSync } from "node:fs";
import type { KubeletConfig } from "../config.ts";
import { parseResolvConf, podDns } from "../containers/dns.ts";
import type { NodeFacts } from "../worker/kit.ts";
import { lowestOomScoreAdj } from "./machine.ts";
import type { PodNetwork } from "./network.ts";
import type { RuntimeWatch } from "./runtime-watch.ts";

/** What pod workers may know of the node, put together from those who own it. */
export function createNodeFacts(
  config: KubeletConfig,
  from: { allocatable: Record<string, string>; memory_bytes: number; network: PodNetwork; runtime: RuntimeWatch },
): NodeFacts {
  const cluster = { dns: config.clusterDNS, domain: config.clusterDomain };
  return {
    name: config.nodeName,
    hostIP: () => config.nodeIP,
    allocatable: () => from.allocatable,
    memory_bytes: from.memory_bytes,
    oomScoreAdjMin: lowestOomScoreAdj(),
    runtimeName: () => from.runtime.state.name,
    networkProblem: () => from.network.problem() ?? from.runtime.state.problems.find((p) => p.includes("NetworkReady")),
    clusterDomain: config.clusterDomain,
    podDns: (pod) => podDns(pod, cluster, parseResolvConf(read(config.resolvConf))),
    hostsFile: () => read(config.hostsFile),
  };
}

/** Read each time: the host's resolver may change. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
