import type { KubeObject, Pod } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import { type AdmissionPlugin, isPod } from "./admission.ts";
import { type CacheReader, cachedObjects } from "./cached.ts";

interface PriorityClass extends KubeObject {
  value: number;
  globalDefault?: boolean;
  preemptionPolicy?: string;
}

/** The classes every cluster has, also before anyone has stored them. */
const SYSTEM = new Map([
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
]);

/** Resolves priorityClassName into the number that the scheduler reads. */
export function priority({ store }: { store: Pick<CacheReader, "cache"> }): AdmissionPlugin {
  const classes = () => store.cache("priorityclasses");
  const defaults = () => cachedObjects<PriorityClass>(store, "priorityclasses", "").filter(({ globalDefault }) => globalDefault);
  return {
    name: "Priority",
    mutate(attributes, object) {
      if (!isPod(attributes) || attributes.operation !== "CREATE") return;
      const { spec } = object as unknown as Pod;
      if (!spec) return;
      let found: PriorityClass | undefined;
      if (spec.priorityClassName) {
        found = classes().get(`/registry/priorityclasses/${spec.priorityClassName}`)?.object as PriorityClass | undefined;
        if (!found && !SYSTEM.has(spec.priorityClassName))
          throw forbidden(attributes.definition, attributes.name, `no PriorityClass with name ${spec.priorityClassName} was found`);
      } else {
        // Of several that raced each other into being the lowest counts.
        found = defaults().sort((a, b) => a.value - b.value)[0];
        if (found) spec.priorityClassName = found.metadata.name!;
      }
      const value = found?.value ?? SYSTEM.get(spec.priorityClassName ?? "") ?? 0;
      const refuseOther = (what: string, given: unknown, computed: unknown) => {
        if (given === undefined || given === computed) return;
        const plea = `priority admission controller computed ${computed} from the given PriorityClass name`;
        throw forbidden(attributes.definition, attributes.name, `the ${what} (${given}) must not be provided in pod spec; ${plea}`);
      };
      refuseOther("integer value of priority", spec.priority, value);
      spec.priority = value;
      const policy = found?.preemptionPolicy ?? "PreemptLowerPriority";
      refuseOther("string value of PreemptionPolicy", spec.preemptionPolicy, policy);
      spec.preemptionPolicy = policy;
    },
    validate({ definition, operation, name }, object) {
      if (definition.resource !== "priorityclasses" || definition.group !== "scheduling.k8s.io") return;
      if ((operation !== "CREATE" && operation !== "UPDATE") || !(object as PriorityClass | undefined)?.globalDefault) return;
      const other = defaults().find(({ metadata }) => metadata.name !== object!.metadata.name);
      const why = `PriorityClass ${other?.metadata.name} is already marked as default. Only one default can exist`;
      if (other) throw forbidden(definition, name, why);
    },
  };
}
