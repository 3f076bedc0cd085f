import type { Pod, RuntimeClass } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import type { Store } from "../storage/store.ts";
import { type AdmissionPlugin, isPod } from "./admission.ts";

/** A pod's RuntimeClass must exist; its overhead and node selector become the pod's. */
export function runtimeClass({ store }: { store: Store }): AdmissionPlugin {
  const find = (name: string) => store.cache("runtimeclasses").get(`/registry/runtimeclasses/${name}`)?.object as RuntimeClass | undefined;
  return {
    name: "RuntimeClass",
    async mutate(attributes, object) {
      if (!isPod(attributes) || attributes.operation !== "CREATE") return;
      const { spec } = object as unknown as Pod;
      const name = spec?.runtimeClassName;
      if (!spec || !name) return;
      let found = find(name);
      if (!found) {
        await store.fresh();
        found = find(name);
      }
      if (!found) throw forbidden(attributes.definition, attributes.name, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
      if (found.overhead?.podFixed) spec.overhead = { ...found.overhead.podFixed };
      if (found.scheduling?.nodeSelector) {
        for (const [key, value] of Object.entries(found.scheduling.nodeSelector)) {
          if ((spec.nodeSelector?.[key] ?? value) !== value) {
            throw forbidden(
              attributes.definition,
              attributes.name,
              `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${spec.nodeSelector![key]}`,
            );
          }
          spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
        }
      }
      if (found.scheduling?.tolerations)
        spec.tolerations = [...(spec.tolerations ?? []), ...found.scheduling.tolerations.map((t) => ({ ...t }))];
    },
  };
}
