import { type DaemonSet, DaemonSets, isAlreadyExists, isNotFound, type Pod, type ResourceType } from "@flotilla/api";
import type { Informer } from "@flotilla/client";
import type { ControllerContext } from "../context.ts";
import { claim } from "../shared/claim.ts";
import { controllerIndex } from "../shared/indexes.ts";
import { typeOf } from "../shared/resource-types.ts";
import { type ControllerRevision, planHistory } from "./history.ts";

export interface HistoryKeeper {
  /** Caches to wait for. */
  reads: Informer<ControllerRevision>[];
  keep(set: DaemonSet, pods: Pod[]): Promise<void>;
}

/** Keeps ControllerRevisions, where the API has that kind; without it a set has no history, and rolls all the same. */
export function createHistoryKeeper({ client, informers }: ControllerContext): HistoryKeeper {
  const type = typeOf("apps/v1", "ControllerRevision") as ResourceType<ControllerRevision> | undefined;
  if (!type) return { reads: [], keep: async () => {} };
  const revisions = informers.informer(type, { indexers: controllerIndex });
  return {
    reads: [revisions],
    async keep(set, pods) {
      const { namespace, uid } = set.metadata;
      const orphans = revisions.lister.byIndex("controller", "").filter((r) => r.metadata.namespace === namespace);
      const candidates = [...revisions.lister.byIndex("controller", uid!), ...orphans];
      const owned = await claim({ client }, DaemonSets, set, set.spec?.selector, type, candidates);
      const plan = planHistory(set, owned, pods);
      // Made already, but not in the cache yet: its name is its content's hash.
      if (plan.create) await client.create(type, plan.create).catch(ignore(isAlreadyExists));
      if (plan.update) await client.update(type, plan.update);
      for (const old of plan.delete) await client.delete(type, old.metadata.name!, { namespace }).catch(ignore(isNotFound));
    },
  };
}

function ignore(expected: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!expected(error)) throw error;
  };
}
