import type { Clock } from "@flotilla/base";
import type { Runtime } from "../cri/runtime.ts";
import type { PodNetwork } from "./network.ts";
import type { RuntimeWatch } from "./runtime-watch.ts";
import type { NodeReport } from "./status.ts";

/** Upstream's --node-status-max-images. */
const IMAGES_MAX = 50;

type Fixed = Pick<NodeReport, "machine" | "nodeIP" | "port" | "capacity" | "allocatable">;

/** Listing images is work for the runtime: not on each try while the API is away. */
const IMAGES_FRESH_MS = 10_000;

/** Returns what the node's status is made of, as of each call. */
export function createNodeReport(
  ports: { clock: Clock; runtime: Runtime; network: PodNetwork; watch: RuntimeWatch },
  fixed: () => Fixed,
): () => Promise<NodeReport> {
  let images: NodeReport["images"] = [];
  let listed_ms = Number.NEGATIVE_INFINITY;
  return async () => {
    const { problems, name, version } = ports.watch.state;
    const missing = ports.network.problem();
    if (ports.clock.monotonic() - listed_ms >= IMAGES_FRESH_MS) {
      images = await listImages(ports.runtime).catch(() => images);
      listed_ms = ports.clock.monotonic();
    }
    return {
      ...fixed(),
      containerRuntimeVersion: `${name}://${version}`,
      images,
      problems: missing && !problems.some((p) => p.includes("NetworkReady")) ? [...problems, missing] : problems,
      now_ms: ports.clock.now(),
    };
  };
}

async function listImages(runtime: Runtime): Promise<NodeReport["images"]> {
  return (await runtime.listImages())
    .map((i) => ({ names: [...i.repoDigests, ...i.repoTags], sizeBytes: i.size }))
    .filter((i) => i.names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, IMAGES_MAX);
}
