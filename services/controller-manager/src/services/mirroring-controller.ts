import { EndpointSlices, type Endpoints, EndpointsResource, type Service, Services } from "@flotilla/api";
import { splitKey } from "@flotilla/client";
import { controllerRef, Expectations } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { sliceOwner, writeSlices } from "./slice-controller.ts";
import { groupsOfEndpoints, MANAGED_BY, MIRROR_MANAGER, SERVICE_NAME } from "./slice-groups.ts";
import { planSlices } from "./slice-plan.ts";

const SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";

/** Mirrors Endpoints that people write for services without a selector: kube-proxy reads slices alone. */
export function startMirroringController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const services = informers.informer(Services);
  const endpoints = informers.informer(EndpointsResource);
  const slices = informers.informer(EndpointSlices, { indexers: { service: sliceOwner } });
  const expectations = new Expectations(clock);

  const controller = startReconciler(context, [services, endpoints, slices], {
    name: "endpoint_slice_mirroring",
    reconcile: async (key) => {
      if (!expectations.satisfied(key)) return;
      const { name, namespace } = splitKey(key);
      const object = endpoints.lister.get(name, namespace);
      const mirrored = object && isMirrored(object, services.lister.get(name, namespace));
      const present = slices.lister.byIndex("service", key).filter((s) => s.metadata.labels?.[MANAGED_BY] === MIRROR_MANAGER);
      const groups = mirrored ? groupsOfEndpoints(object) : [];
      const labels = { ...object?.metadata.labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR_MANAGER };
      const ownerReferences = object ? [controllerRef(EndpointsResource, object)] : [];
      await writeSlices(
        client,
        planSlices(groups, present, { generateName: `${name}-`, namespace, labels, ownerReferences }),
        key,
        expectations,
      );
    },
  });

  const enqueue = ({ metadata }: { metadata: { namespace?: string; name?: string } }) =>
    controller.queue.add(`${metadata.namespace}/${metadata.name}`);
  services.subscribe({ add: enqueue, update: enqueue, delete: enqueue });
  endpoints.subscribe({ add: enqueue, update: enqueue, delete: enqueue });
  const again = (slice: { metadata: { labels?: Record<string, string>; namespace?: string } }) => {
    if (slice.metadata.labels?.[MANAGED_BY] !== MIRROR_MANAGER) return;
    for (const key of sliceOwner(slice)) controller.queue.add(key);
  };
  slices.subscribe({
    add: (slice) => {
      if (slice.metadata.labels?.[MANAGED_BY] === MIRROR_MANAGER) for (const key of sliceOwner(slice)) expectations.creationObserved(key);
      again(slice);
    },
    update: again,
    delete: again,
  });
}

function isMirrored(endpoints: Endpoints, service: Service | undefined): boolean {
  if (!service || Object.keys(service.spec?.selector ?? {}).length > 0) return false;
  return endpoints.metadata.labels?.[SKIP_MIRROR] !== "true" && endpoints.metadata.annotations?.[LEADER] === undefined;
}
