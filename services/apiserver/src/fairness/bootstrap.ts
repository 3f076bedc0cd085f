import { type KubeObject, MANDATORY_LEVELS, MANDATORY_SCHEMAS } from "@flotilla/api";
import { ensure } from "../bootstrap/namespaces.ts";
import type { Kernel } from "../registry/kernel.ts";
import { SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from "./defaults.ts";

export const FLOW_GROUP = "flowcontrol.apiserver.k8s.io";
/** Says that the API server may change the object back; a user who changes it sets "false". */
const AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec";

/** The flow schemas and priority levels that every cluster begins with. Levels first: schemas name them. */
export async function ensureFlowControl(kernel: Kernel): Promise<void> {
  await ensureAll(kernel, "prioritylevelconfigurations", "PriorityLevelConfiguration", [...MANDATORY_LEVELS, ...SUGGESTED_LEVELS]);
  await ensureAll(kernel, "flowschemas", "FlowSchema", [...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS]);
}

async function ensureAll(
  kernel: Kernel,
  resource: string,
  kind: string,
  objects: readonly { metadata: { name: string }; spec: object }[],
): Promise<void> {
  const definition = kernel.definitions.find(FLOW_GROUP, "v1", resource);
  if (!definition) return;
  const write = ({ metadata, spec }: (typeof objects)[number]) => {
    const object: KubeObject = {
      kind,
      apiVersion: `${FLOW_GROUP}/v1`,
      metadata: { ...metadata, generation: 1, annotations: { [AUTO_UPDATE]: "true" } },
      spec: structuredClone(spec),
      // Whether the level is there, the controller says.
      status: {},
    };
    definition.defaults(object);
    return ensure(kernel, definition, "", object);
  };
  await Promise.all(objects.map(write));
}
