import { matchesLabels, type Pod, type Service } from "@flotilla/api";
import { type Informer, objectKey } from "@flotilla/client";
import { isSelecting } from "./pod-endpoints.ts";

/** Calls `enqueue` with each service that a change of a service or pod may concern. */
export function watchServices(services: Informer<Service>, pods: Informer<Pod>, enqueue: (key: string) => void): void {
  const own = (service: Service) => enqueue(objectKey(service.metadata));
  services.subscribe({ add: own, update: own, delete: own });
  const selecting = (pod: Pod) => {
    for (const service of services.lister.list({ namespace: pod.metadata.namespace })) {
      if (isSelecting(service) && matchesLabels(service.spec!.selector!, pod.metadata.labels)) own(service);
    }
  };
  pods.subscribe({
    add: selecting,
    delete: selecting,
    update: (pod, old) => {
      if (!isVisible(pod, old)) return;
      selecting(pod);
      if (pod.metadata.labels !== old.metadata.labels) selecting(old);
    },
  });
}

/** Most status updates change nothing that endpoints show. */
function isVisible(pod: Pod, old: Pod): boolean {
  const seen = (p: Pod) => [
    p.metadata.labels,
    p.metadata.deletionTimestamp,
    p.spec?.nodeName,
    p.status?.phase,
    p.status?.podIPs,
    p.status?.podIP,
    p.status?.conditions?.find((c) => c.type === "Ready")?.status,
  ];
  return JSON.stringify(seen(pod)) !== JSON.stringify(seen(old));
}

/** The pods a service selects. */
export function selectedPods(service: Service, pods: Informer<Pod>): Pod[] {
  const all = pods.lister.list({ namespace: service.metadata.namespace });
  return all.filter((pod) => matchesLabels(service.spec!.selector!, pod.metadata.labels));
}
