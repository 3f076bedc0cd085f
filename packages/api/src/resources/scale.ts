/** autoscaling/v1 Scale as a view of a workload with spec.replicas. */
import type { ScaleView } from "../definition.ts";
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
