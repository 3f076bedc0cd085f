import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import { rfc3339, uuid } from "@flotilla/base";
import { type Kernel, keyOf, storedBytes } from "../registry/kernel.ts";

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];
const PRIORITY_CLASSES = [
  {
    name: "system-cluster-critical",
    value: 2_000_000_000,
    description: "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
  {
    name: "system-node-critical",
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
];

/** What every cluster has from its first moment on; replicas that start together race harmlessly. */
export async function ensureNamespaces(kernel: Kernel): Promise<void> {
  const definition = kernel.definitions.find("", "v1", "namespaces")!;
  await Promise.all(
    NAMESPACES.map((name) =>
      ensure(kernel, definition, "", {
        kind: "Namespace",
        apiVersion: "v1",
        metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
        spec: { finalizers: ["kubernetes"] },
        status: { phase: "Active" },
      }),
    ),
  );
}

export async function ensurePriorityClasses(kernel: Kernel): Promise<void> {
  const definition = kernel.definitions.find("scheduling.k8s.io", "v1", "priorityclasses");
  if (!definition) return;
  await Promise.all(
    PRIORITY_CLASSES.map(({ name, value, description }) =>
      ensure(kernel, definition, "", {
        kind: "PriorityClass",
        apiVersion: "scheduling.k8s.io/v1",
        metadata: { name, generation: 1 },
        value,
        description,
        preemptionPolicy: "PreemptLowerPriority",
      }),
    ),
  );
}

/** Creates the object unless it is there. */
export async function ensure(kernel: Kernel, definition: ResourceDefinition, namespace: string, object: KubeObject): Promise<boolean> {
  const key = keyOf(definition, namespace, object.metadata.name!);
  if (kernel.store.cache(definition.storage!.resource).get(key)) return false;
  const metadata = { ...object.metadata, uid: uuid(kernel.random), creationTimestamp: rfc3339(kernel.clock.now()) };
  const result = await kernel.store.create(key, await storedBytes(definition, { ...object, metadata }));
  return result.ok;
}
