import { controllerOf, type Pod } from "@flotilla/api";
import type { Informer } from "@flotilla/client";
import type { Expectations } from "@flotilla/controller";

/**
 * Tells a controller of what happens to its pods: which owner to look at again, and that
 * something expected was seen. `orphan` hears of pods without an owner.
 */
export function watchOwnedPods(
  pods: Informer<Pod>,
  kind: string,
  expectations: Expectations,
  hear: { owner(namespace: string, name: string, delay?: "readiness"): void; orphan(pod: Pod): void },
): void {
  const ownerOf = (pod: Pod) => {
    const ref = controllerOf(pod as any);
    return ref?.kind === kind ? ref : undefined;
  };
  const notify = (pod: Pod) => {
    const ref = ownerOf(pod);
    if (ref) hear.owner(pod.metadata.namespace!, ref.name);
    else if (!controllerOf(pod as any)) hear.orphan(pod);
  };
  const gone = (pod: Pod) => {
    const ref = ownerOf(pod);
    if (ref) expectations.deletionObserved(`${pod.metadata.namespace}/${ref.name}`, pod.metadata.uid!);
  };
  pods.subscribe({
    add: (pod) => {
      const ref = ownerOf(pod);
      if (ref) expectations.creationObserved(`${pod.metadata.namespace}/${ref.name}`);
      if (pod.metadata.deletionTimestamp !== undefined) gone(pod);
      notify(pod);
    },
    update: (pod, old) => {
      if (pod.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined) gone(pod);
      if (controllerOf(old as any)?.uid !== controllerOf(pod as any)?.uid) notify(old);
      notify(pod);
    },
    delete: (pod) => {
      gone(pod);
      notify(pod);
    },
  });
}
