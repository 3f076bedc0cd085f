import type { KubeObject, Pod } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import type { Store } from "../storage/store.ts";
import { type AdmissionPlugin, isPod } from "./admission.ts";

interface PriorityClass extends KubeObject {
  value: number;
  globalDefault?: boolean;
  preemptionPolicy?: string;
}

/** The classes every cluster has, also before anyone has stored them. */
const SYSTEM: Record<string, number> = { "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000 };

/** Resolves priorityClassName into the number that the scheduler reads. */
export function priority({ store }: { store: Store }): AdmissionPlugin {
  const classes = () => store.cache("priorityclasses");
  return {
    name: "Priority",
    mutate(attributes, object) {
      if (!isPod(attributes) || attributes.operation !== "CREATE") return;
      const { spec } = object as unknown as Pod;
      if (!spec) return;
      let found: PriorityClass | undefined;
      if (spec.priorityClassName) {
        found = classes().get(`/registry/priorityclasses/${spec.priorityClassName}`)?.object as PriorityClass | undefined;
        if (!found && SYSTEM[spec.priorityClassName] === undefined)
          throw forbidden(attributes.definition, attributes.name, `no PriorityClass with name ${spec.priorityClassName} was found`);
      } else {
        for (const { object: candidate } of classes().scan("/registry/priorityclasses/")) {
          if ((candidate as PriorityClass).globalDefault) found = candidate as PriorityClass;
        }
        if (found) spec.priorityClassName = found.metadata.name!;
      }
      const value = found?.value ?? SYSTEM[spec.priorityClassName ?? ""] ?? 0;
      if (spec.priority !== undefined && spec.priority !== value) {
        throw forbidden(
          attributes.definition,
          attributes.name,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      }
      spec.priority = value;
      spec.preemptionPolicy ??= found?.preemptionPolicy ?? "PreemptLowerPriority";
    },
  };
}
