/** Small plug-ins of upstream that are off unless named. */
import type { Pod, Service } from "@flotilla/api";
import { forbidden, notFound } from "../request/errors.ts";
import { type AdmissionPlugin, isPod } from "./admission.ts";
import { type CacheReader, cachedNamespace } from "./cached.ts";

const HOSTNAME = "kubernetes.io/hostname";

/** Every image is pulled again, so that nobody runs one for which they have no credentials. */
export function alwaysPullImages(): AdmissionPlugin {
  return {
    name: "AlwaysPullImages",
    mutate(attributes, object) {
      if (!isPod(attributes)) return;
      const { spec } = object as unknown as Pod;
      for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) container.imagePullPolicy = "Always";
    },
  };
}

/** Pods that ask for a device tolerate the taint by which its nodes are kept for such pods. */
export function extendedResourceToleration(): AdmissionPlugin {
  return {
    name: "ExtendedResourceToleration",
    mutate(attributes, object) {
      if (!isPod(attributes) || attributes.operation !== "CREATE") return;
      const { spec } = object as unknown as Pod;
      if (!spec) return;
      const names = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap((c) => Object.keys(c.resources?.requests ?? {}));
      for (const key of [...new Set(names)].sort()) {
        if (!key.includes("/") || key.includes("kubernetes.io/")) continue;
        const known = spec.tolerations?.some((t) => t.key === key && t.operator === "Exists" && !t.effect);
        if (!known) spec.tolerations = [...(spec.tolerations ?? []), { key, operator: "Exists" }];
      }
    },
  };
}

/** Pods keep others away from their node at most, never from a whole zone. */
export function limitPodHardAntiAffinityTopology(): AdmissionPlugin {
  return {
    name: "LimitPodHardAntiAffinityTopology",
    validate(attributes, object) {
      if (!isPod(attributes) || !object) return;
      const { podAntiAffinity } = (object as unknown as Pod).spec?.affinity ?? {};
      const wrong = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.find(({ topologyKey }) => topologyKey !== HOSTNAME);
      if (!wrong) return;
      const why = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wrong.topologyKey} but only key ${HOSTNAME} is allowed`;
      throw forbidden(attributes.definition, attributes.name, why);
    },
  };
}

/** No new external IPs (CVE-2020-8554); those that stand may stay. */
export function denyServiceExternalIPs(): AdmissionPlugin {
  return {
    name: "DenyServiceExternalIPs",
    validate({ definition, subresource, name }, object, old) {
      if (definition.group !== "" || definition.resource !== "services" || subresource !== "" || !object) return;
      const ips = (service: unknown) => (service as Service | undefined)?.spec?.externalIPs ?? [];
      const before = new Set(ips(old));
      if (ips(object).some((ip) => !before.has(ip)))
        throw forbidden(definition, name, "Use of external IPs is denied by admission control.");
    },
  };
}

export function namespaceExists({ store }: { store: CacheReader }): AdmissionPlugin {
  return {
    name: "NamespaceExists",
    async validate({ namespace, definition }) {
      if (namespace === "" || !definition.namespaced || cachedNamespace(store, namespace)) return;
      await store.fresh();
      if (!cachedNamespace(store, namespace)) throw notFound({ group: "", resource: "namespaces" }, namespace);
    },
  };
}

export function alwaysAdmit(): AdmissionPlugin {
  return { name: "AlwaysAdmit", validate() {} };
}

export function alwaysDeny(): AdmissionPlugin {
  return {
    name: "AlwaysDeny",
    validate({ definition, name }) {
      throw forbidden(definition, name, "admission control is denying all modifications");
    },
  };
}
