import { MAX_SCORE, type Plugin } from "../plugin.ts";

const MB = 1024 * 1024;
const MIN_BYTES = 23 * MB;
const MAX_BYTES_PER_CONTAINER = 1000 * MB;

/** Prefers nodes that hold the pod's images; an image that few nodes hold counts less, lest they all fill up. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  retryOn: [],
  begin({ pod, nodes }) {
    const containers = [...pod.spec!.containers, ...(pod.spec!.initContainers ?? [])];
    const wanted = new Set(containers.map((c) => normalized(c.image ?? "")));
    const holders = new Map<string, number>();
    const held = new Map<string, Map<string, number>>();
    for (const { name, node } of nodes) {
      const mine = new Map<string, number>();
      for (const image of node.status?.images ?? []) {
        for (const text of image.names ?? []) if (wanted.has(text)) mine.set(text, image.sizeBytes ?? 0);
      }
      for (const text of mine.keys()) holders.set(text, (holders.get(text) ?? 0) + 1);
      held.set(name, mine);
    }
    if (holders.size === 0) return {};
    const max = MAX_BYTES_PER_CONTAINER * containers.length;
    return {
      score({ name }) {
        let sum = 0;
        for (const [text, bytes] of held.get(name) ?? []) sum += (bytes * (holders.get(text) ?? 0)) / nodes.length;
        return Math.floor((MAX_SCORE * (Math.min(Math.max(sum, MIN_BYTES), max) - MIN_BYTES)) / (max - MIN_BYTES));
      },
    };
  },
};

/** An image without a tag means latest. */
function normalized(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;
}
