import { type KubeObject, type OwnerReference, type Pod, Pods, type PodTemplateSpec } from "@flotilla/api";
import type { ApiClient, EventRecorder } from "@flotilla/client";

/** A pod as its template asks for it, owned by its controller. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject["metadata"], ref: OwnerReference): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      generateName: `${owner.name}-`,
      namespace: owner.namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [ref],
    },
    spec: template.spec,
  } as Pod;
}

/** Creates and deletes pods, and tells of it on the owner, in upstream's words. */
export class PodControl {
  private readonly client: ApiClient;
  private readonly recorder: EventRecorder;

  constructor(client: ApiClient, recorder: EventRecorder) {
    this.client = client;
    this.recorder = recorder;
  }

  async create(owner: { metadata: object }, pod: Pod): Promise<Pod> {
    try {
      const made = await this.client.create(Pods, pod);
      this.recorder.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${made.metadata.name}`);
      return made;
    } catch (error) {
      this.recorder.event(owner, "Warning", "FailedCreate", `Error creating: ${(error as Error).message}`);
      throw error;
    }
  }

  async delete(owner: { metadata: object }, pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    try {
      await this.client.delete(Pods, name!, { namespace, preconditions: { uid } });
      this.recorder.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    } catch (error) {
      this.recorder.event(owner, "Warning", "FailedDelete", `Error deleting: ${(error as Error).message}`);
      throw error;
    }
  }
}
