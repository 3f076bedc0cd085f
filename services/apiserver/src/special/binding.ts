import { apiError, cloneJson, decodeAs, type KubeObject, type Pod, type ResourceDefinition } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { admitSubresource } from "../admission/subresource.ts";
import { decodeOptionsOf } from "../registry/create.ts";
import type { Kernel } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import { writeOptions } from "../registry/options.ts";
import type { Call, Reply } from "../request/call.ts";
import { conflict } from "../request/errors.ts";

const BINDING = { schema: "core/v1.Binding", group: "", version: "v1", kind: "Binding" };

const success: Reply = {
  type: "object",
  code: 201,
  definition: undefined,
  object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
};

/** POST pods/NAME/binding: the scheduler's decision. Only an unbound pod takes it. */
export async function bindPod(kernel: Kernel, call: Call, pods: ResourceDefinition): Promise<Reply> {
  const options = writeOptions(call);
  const { object: binding, warnings } = decodeAs(BINDING, await call.body(), decodeOptionsOf(call, options));
  call.warnings.push(...warnings);
  const name = call.info.name || binding.metadata?.name || "";
  const target = binding["target"] as { kind?: string; name?: string } | undefined;
  if (!target?.name || (target.kind && target.kind !== "Node")) {
    throw apiError("Invalid", `Binding ${JSON.stringify(name)} is invalid: target: Required value`, {
      name,
      kind: "Binding",
      causes: [{ reason: "FieldValueRequired", message: "Required value", field: "target.name" }],
    });
  }
  await admitSubresource(kernel, call, pods, "CREATE", binding, options.dryRun);
  if (options.dryRun) return success;
  await modifyStored(kernel, pods, call.info.namespace, name, (current) => {
    const { uid } = binding.metadata ?? {};
    if (uid && uid !== current.metadata.uid) {
      throw conflict(pods, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`);
    }
    return bound(current, binding, target.name!, kernel.clock.now());
  });
  return success;
}

/** Pure: the pod on its node. @throws ApiError Conflict */
export function bound(current: KubeObject, binding: KubeObject, node: string, now_ms: number): KubeObject {
  const pod = cloneJson(current) as unknown as Pod;
  const { name } = pod.metadata;
  const refuse = (why: string) => conflict({ group: "", resource: "pods/binding" }, name!, why);
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec!.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec!.nodeName)}`);
  if ((pod.spec!.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec!.nodeName = node;
  const { annotations } = binding.metadata ?? {};
  if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  const condition = { type: "PodScheduled", status: "True", lastProbeTime: null as unknown as string, lastTransitionTime: rfc3339(now_ms) };
  pod.status = { ...pod.status, conditions: [...others, condition] };
  return pod as unknown as KubeObject;
}
