import { jsonEqual, type Pod, type RuntimeClass } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import { type AdmissionPlugin, isPod } from "./admission.ts";
import type { CacheReader } from "./cached.ts";

/** A pod's RuntimeClass must exist; its overhead and node selector become the pod's. */
export function runtimeClass({ store }: { store: CacheReader }): AdmissionPlugin {
  const find = (name: string) => store.cache("runtimeclasses").get(`/registry/runtimeclasses/${name}`)?.object as RuntimeClass | undefined;
  return {
    name: "RuntimeClass",
    async mutate(attributes, object) {
      if (!isPod(attributes) || attributes.operation !== "CREATE") return;
      const { spec } = object as unknown as Pod;
      const name = spec?.runtimeClassName;
      const refuse = (why: string) => forbidden(attributes.definition, attributes.name, why);
      if (spec?.overhead && !name) throw refuse("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
      if (!spec || !name) return;
      let found = find(name);
      if (!found) {
        await store.fresh();
        found = find(name);
      }
      if (!found) throw forbidden(attributes.definition, attributes.name, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
      const overhead = found.overhead?.podFixed;
      if (spec.overhead && !jsonEqual(spec.overhead, overhead ?? {}))
        throw refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      if (overhead) spec.overhead = { ...overhead };
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
      // The pod may have come by here before: what it tolerates already is not said again.
      const tolerations = spec.tolerations ?? [];
      const more = (found.scheduling?.tolerations ?? []).filter((one) => !tolerations.some((known) => jsonEqual(known, one)));
      if (more.length > 0) spec.tolerations = [...tolerations, ...more.map((one) => ({ ...one }))];
    },
  };
}
