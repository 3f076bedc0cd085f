import { apiError, type Pod, type ResourceDefinition } from "@flotilla/api";
import { getEntry } from "../registry/get.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { Call } from "../request/call.ts";

export interface PodTarget {
  pod: Pod;
  node: string;
}

/** The pod of a stream request and the node it runs on. */
export async function podTarget(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<PodTarget> {
  const { namespace, name } = call.info;
  const pod = (await getEntry(kernel, def, namespace, name)).object as unknown as Pod;
  if (!pod.spec?.nodeName) throw apiError("BadRequest", `pod ${name} does not have a host assigned`);
  return { pod, node: pod.spec.nodeName };
}

/** The container that `asked` names, or the only (or annotated default) one. @throws ApiError BadRequest */
export function containerOf(pod: Pod, asked: string | null): string {
  const spec = pod.spec!;
  const { name } = pod.metadata;
  const init = (spec.initContainers ?? []).map((container) => container.name);
  const main = spec.containers.map((container) => container.name);
  const ephemeral = (spec.ephemeralContainers ?? []).map((container) => container.name);
  if (asked) {
    if ([...main, ...init, ...ephemeral].includes(asked)) return asked;
    throw apiError("BadRequest", `container ${asked} is not valid for pod ${name}`);
  }
  if (main.length === 1) return main[0]!;
  const annotated = pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  if (annotated && main.includes(annotated)) return annotated;
  const inits = init.length === 0 ? "" : ` or one of the init containers: [${init.join(" ")}]`;
  throw apiError("BadRequest", `a container name must be specified for pod ${name}, choose one of: [${main.join(" ")}]${inits}`);
}
