import { EndpointSlices, isNotFound, Nodes, Pods, Services } from "@flotilla/api";
import { type ApiClient, splitKey } from "@flotilla/client";
import { Expectations } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { isSelecting } from "./pod-endpoints.ts";
import { selectedPods, watchServices } from "./service-triggers.ts";
import { groupsOfService, MANAGED_BY, SERVICE_NAME, SLICE_MANAGER, sliceMetadata } from "./slice-groups.ts";
import { planSlices, type SliceWrite } from "./slice-plan.ts";

/** Keeps the EndpointSlices of each service with a selector. */
export function startEndpointSliceController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const services = informers.informer(Services);
  const pods = informers.informer(Pods);
  const nodes = informers.informer(Nodes);
  const slices = informers.informer(EndpointSlices, { indexers: { service: sliceOwner } });
  const expectations = new Expectations(clock);

  const controller = startReconciler(context, [services, pods, nodes, slices], {
    name: "endpoint_slice",
    workers: context.config.concurrentSyncs.endpoint,
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const service = services.lister.get(name, namespace);
      if (!service) return expectations.forget(key); // its slices go with it (owner reference)
      // Without the cache showing the last new slice we would make it twice; its event brings the key back.
      if (!isSelecting(service) || !expectations.satisfied(key)) return;
      const groups = groupsOfService(service, selectedPods(service, pods), (node) => nodes.lister.get(node));
      const present = slices.lister.byIndex("service", key).filter((s) => s.metadata.labels?.[MANAGED_BY] === SLICE_MANAGER);
      await writeSlices(client, planSlices(groups, present, sliceMetadata(service)), key, expectations);
    },
  });

  watchServices(services, pods, (key) => controller.queue.add(key));
  const again = (slice: { metadata: { labels?: Record<string, string>; namespace?: string } }) => {
    for (const key of sliceOwner(slice)) controller.queue.add(key);
  };
  slices.subscribe({
    add: (slice) => {
      for (const key of sliceOwner(slice)) expectations.creationObserved(key);
      again(slice);
    },
    update: again,
    delete: again,
  });
}

export function sliceOwner(slice: { metadata: { labels?: Record<string, string>; namespace?: string } }): string[] {
  const name = slice.metadata.labels?.[SERVICE_NAME];
  return name ? [`${slice.metadata.namespace}/${name}`] : [];
}

export async function writeSlices(client: ApiClient, writes: SliceWrite[], key: string, expectations: Expectations): Promise<void> {
  for (const { kind, slice } of writes) {
    const { name, namespace, uid } = slice.metadata;
    if (kind === "update") await client.update(EndpointSlices, slice);
    else if (kind === "delete") {
      await client.delete(EndpointSlices, name!, { namespace, preconditions: { uid } }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    } else {
      expectations.expectCreations(key, 1);
      await client.create(EndpointSlices, slice).catch((error) => {
        expectations.creationObserved(key);
        throw error;
      });
    }
  }
}
