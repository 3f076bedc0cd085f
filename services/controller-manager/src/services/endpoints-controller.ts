import { EndpointsResource, isNotFound, Pods, Services } from "@flotilla/api";
import { splitKey } from "@flotilla/client";
import { type ControllerContext, startReconciler } from "../context.ts";
import { planEndpoints } from "./endpoints-plan.ts";
import { isSelecting } from "./pod-endpoints.ts";
import { selectedPods, watchServices } from "./service-triggers.ts";

/** Keeps the Endpoints of each service with a selector. */
export function startEndpointsController(context: ControllerContext): void {
  const { client, informers } = context;
  const services = informers.informer(Services);
  const pods = informers.informer(Pods);
  const endpoints = informers.informer(EndpointsResource);

  const controller = startReconciler(context, [services, pods, endpoints], {
    name: "endpoint",
    workers: context.config.concurrentSyncs.endpoint,
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const service = services.lister.get(name, namespace);
      const present = endpoints.lister.get(name, namespace);
      if (!service) {
        // Only a service that is gone takes its Endpoints with it; those made by hand without one stay.
        if (deleted.delete(key)) await client.delete(EndpointsResource, name, { namespace }).catch(ignoreNotFound);
        return;
      }
      if (!isSelecting(service)) return;
      const next = planEndpoints(service, selectedPods(service, pods), present);
      if (!next) return;
      if (present) await client.update(EndpointsResource, next);
      else await client.create(EndpointsResource, next);
    },
  });

  const deleted = new Set<string>();
  services.subscribe({ delete: (service) => deleted.add(`${service.metadata.namespace}/${service.metadata.name}`) });
  watchServices(services, pods, (key) => controller.queue.add(key));
  // Deleted or overwritten by hand: put right again.
  const again = (object: { metadata: { namespace?: string; name?: string } }) =>
    controller.queue.add(`${object.metadata.namespace}/${object.metadata.name}`);
  endpoints.subscribe({ update: again, delete: again });
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
