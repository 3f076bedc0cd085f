import type { Container, Pod } from "@flotilla/api";
import type { EventRecorder } from "@flotilla/client";
import { fieldPathOf } from "../pods/pod.ts";
import type { EventSink } from "../worker/kit.ts";

/** Events about this node's pods; those about a container say which. */
export function createPodEvents(recorder: EventRecorder | undefined): EventSink {
  return {
    emit(pod: Pod, type, reason, message, container?: Container) {
      const { name, namespace, uid, resourceVersion } = pod.metadata;
      const fieldPath = container ? { fieldPath: fieldPathOf(pod, container) } : {};
      recorder?.event({ apiVersion: "v1", kind: "Pod", name, namespace, uid, resourceVersion, ...fieldPath }, type, reason, message);
    },
  };
}
