import type { Clock } from "@flotilla/base";
import type { Runtime } from "../cri/runtime.ts";
import type { PodNetwork } from "./network.ts";
import type { RuntimeWatch } from "./runtime-watch.ts";
import type { NodeReport } from "./status.ts";

/** Upstream's --node-status-max-images. */
const IMAGES_MAX = 50;

type Fixed = Pick<NodeReport, "machine" | "nodeIP" | "port" | "capacity" | "allocatable">;

/** What the node's status is made of, as of now. */
export async function nodeReport(
  ports: { clock: Clock; runtime: Runtime; network: PodNetwork; watch: RuntimeWatch },
  fixed: Fixed,
): Promise<NodeReport> {
  const { problems, name, version } = ports.watch.state;
  const missing = ports.network.problem();
  const images = await ports.runtime.listImages().catch(() => []);
  return {
    ...fixed,
    containerRuntimeVersion: `${name}://${version}`,
    images: images
      .map((i) => ({ names: [...i.repoDigests, ...i.repoTags], sizeBytes: i.size }))
      .filter((i) => i.names.length > 0)
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, IMAGES_MAX),
    problems: missing && !problems.some((p) => p.includes("NetworkReady")) ? [...problems, missing] : problems,
    now_ms: ports.clock.now(),
  };
}
