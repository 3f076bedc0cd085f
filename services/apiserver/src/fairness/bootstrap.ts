import type { KubeObject } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { ensure } from "../bootstrap/namespaces.ts";
import type { Kernel } from "../registry/kernel.ts";
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from "./defaults.ts";

const GROUP = "flowcontrol.apiserver.k8s.io";
/** Says that the API server may change the object back; a user who changes it sets "false". */
const AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec";

/** The flow schemas and priority levels that every cluster begins with. Levels first: schemas name them. */
export async function ensureFlowControl(kernel: Kernel): Promise<void> {
  await ensureAll(kernel, "prioritylevelconfigurations", "PriorityLevelConfiguration", [...MANDATORY_LEVELS, ...SUGGESTED_LEVELS]);
  await ensureAll(kernel, "flowschemas", "FlowSchema", [...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS]);
}

/** What a flow schema says of the level that it names. */
function notDangling(kernel: Kernel, { name }: { name: string }): object {
  return {
    type: "Dangling",
    status: "False",
    lastTransitionTime: rfc3339(kernel.clock.now()),
    reason: "Found",
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} and it exists`,
  };
}

async function ensureAll(
  kernel: Kernel,
  resource: string,
  kind: string,
  objects: readonly { metadata: { name: string }; spec: object }[],
): Promise<void> {
  const definition = kernel.definitions.find(GROUP, "v1", resource);
  if (!definition) return;
  const write = ({ metadata, spec }: (typeof objects)[number]) => {
    const object: KubeObject = {
      kind,
      apiVersion: `${GROUP}/v1`,
      metadata: { ...metadata, generation: 1, annotations: { [AUTO_UPDATE]: "true" } },
      spec: structuredClone(spec),
      status:
        "priorityLevelConfiguration" in spec
          ? { conditions: [notDangling(kernel, spec.priorityLevelConfiguration as { name: string })] }
          : {},
    };
    definition.defaults(object);
    return ensure(kernel, definition, "", object);
  };
  await Promise.all(objects.map(write));
}
