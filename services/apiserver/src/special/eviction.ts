import {
  apiError,
  cloneJson,
  type DeleteOptionsBody,
  decodeAs,
  type KubeObject,
  type Pod,
  parseLabelSelector,
  type ResourceDefinition,
} from "@flotilla/api";
import { admitSubresource } from "../admission/subresource.ts";
import { decodeOptionsOf } from "../registry/create.ts";
import { deleteObject } from "../registry/delete.ts";
import { getEntry } from "../registry/get.ts";
import { type Kernel, storedBytes } from "../registry/kernel.ts";
import { writeOptions } from "../registry/options.ts";
import type { Call, Reply } from "../request/call.ts";
import { selectorText } from "../request/selector-text.ts";

const EVICTION = { schema: "policy/v1.Eviction", group: "policy", version: "v1", kind: "Eviction", alsoIn: ["policy/v1beta1"] };
const RACES_MAX = 20;

interface Budget extends KubeObject {
  spec?: { selector?: Parameters<typeof selectorText>[0] };
  status?: { disruptionsAllowed?: number; disruptedPods?: Record<string, string>; observedGeneration?: number };
}

/** POST pods/NAME/eviction: a DELETE that asks the PodDisruptionBudgets first. */
export async function evictPod(kernel: Kernel, call: Call, pods: ResourceDefinition): Promise<Reply> {
  const { namespace, name } = call.info;
  const write = writeOptions(call);
  const { object: eviction } = decodeAs(EVICTION, await call.body(), decodeOptionsOf(call, write));
  const options = (eviction["deleteOptions"] ?? {}) as DeleteOptionsBody;
  const dryRun = write.dryRun || (options.dryRun ?? []).includes("All");
  const pod = (await getEntry(kernel, pods, namespace, name)).object as unknown as Pod;
  await admitSubresource(kernel, call, pods, "CREATE", eviction, dryRun);
  const needsBudget = !pod.metadata.deletionTimestamp && !["Succeeded", "Failed", "Pending"].includes(pod.status?.phase ?? "");
  if (needsBudget) await spendBudget(kernel, namespace, pod, dryRun);
  const scoped = Object.create(call, { info: { value: { ...call.info, subresource: "" } } }) as Call;
  await deleteObject(kernel, scoped, pods, namespace, name, options, dryRun);
  return {
    type: "object",
    code: 201,
    definition: undefined,
    object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
  };
}

async function spendBudget(kernel: Kernel, namespace: string, pod: Pod, dryRun: boolean): Promise<void> {
  const definition = kernel.definitions.find("policy", "v1", "poddisruptionbudgets");
  if (!definition) return;
  for (let race = 0; race < RACES_MAX; race++) {
    const entries = [...kernel.store.cache("poddisruptionbudgets").scan(`/registry/poddisruptionbudgets/${namespace}/`)];
    const matching = entries.filter(({ object }) => {
      const { selector } = (object as Budget).spec ?? {};
      return selector && parseLabelSelector(selectorText(selector)).matches(pod.metadata.labels);
    });
    if (matching.length === 0) return;
    if (matching.length > 1)
      throw apiError("InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
    const entry = matching[0]!;
    const budget = cloneJson(entry.object) as Budget;
    const allowed = budget.status?.disruptionsAllowed ?? 0;
    if (allowed <= 0) throw refusal(budget);
    if (dryRun) return;
    budget.status = {
      ...budget.status,
      disruptionsAllowed: allowed - 1,
      disruptedPods: {
        ...budget.status?.disruptedPods,
        [pod.metadata.name!]: new Date(kernel.clock.now()).toISOString().replace(/\.\d+/, ""),
      },
    };
    const result = await kernel.store.swap(entry.key, entry.revision, await storedBytes(definition, budget), entry.lease);
    if (result.ok) return;
    await kernel.store.fresh();
  }
  throw apiError("TooManyRequests", "Cannot evict pod: its disruption budget changes too often", { retryAfterSeconds: 10 });
}

function refusal(budget: Budget) {
  const message = `The disruption budget ${budget.metadata.name} does not allow evicting pods currently because it has ${budget.status?.disruptionsAllowed ?? 0} disruptions allowed`;
  return apiError("TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message }],
  });
}
