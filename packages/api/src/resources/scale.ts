/** autoscaling/v1 Scale as a view of a workload with spec.replicas. */
import { ageColumn, column, defineVirtual, nameColumn } from "../define.ts";
import type { ResourceDefinition, ScaleView } from "../definition.ts";
import { formatLabelSelector } from "../selectors.ts";
import type { KubeObject, LabelSelector } from "../types.ts";

interface Scalable extends KubeObject {
  spec?: { replicas?: number; selector?: LabelSelector };
  status?: { replicas?: number };
}

export const replicasScale: ScaleView = {
  get(obj: Scalable): KubeObject {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = obj.metadata;
    return {
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: { replicas: obj.spec?.replicas ?? 0 },
      status: { replicas: obj.status?.replicas ?? 0, selector: formatLabelSelector(obj.spec?.selector) },
    };
  },
  set(obj: Scalable, scale: KubeObject): void {
    obj.spec = { ...obj.spec, replicas: (scale as Scalable).spec?.replicas ?? 0 };
  },
};

/** The kind that …/scale speaks of: no resource of its own, but with columns to print. */
export const scales: ResourceDefinition<Scalable> = defineVirtual<Scalable>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  resource: "scales",
  schema: "autoscaling/v1.Scale",
  table: [
    nameColumn(),
    column("Desired", ({ spec }) => spec?.replicas ?? 0, { type: "integer" }),
    column("Available", ({ status }) => status?.replicas ?? 0, { type: "integer" }),
    ageColumn(),
  ],
});
