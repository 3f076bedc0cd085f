import { Events, isPodTerminal, type KubeObject, Pods, type ResourceQuota, ResourceQuotas, Services } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";
import { ALL_TYPES } from "../shared/resource-types.ts";
import { type Counted, compareStatus, concerns, grew, planStatus } from "./plan.ts";

/** Everything is counted again this often, whatever events were seen (--resource-quota-sync-period). */
const RESYNC_MS = 300_000;
/** Within this time of its charge by admission, an object stands in the store and in our caches. */
const SETTLE_MS = 1_000;
/** A namespace that never comes to rest is counted all the same. */
const PATIENCE_MS = 5_000;

/**
 * Keeps status.hard and status.used of ResourceQuotas. Admission adds what it lets in; we count again when
 * something has gone, or when the quota itself has changed.
 */
export function startResourceQuotaController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const quotas = informers.informer(ResourceQuotas);
  const sources = ALL_TYPES.filter((type) => type.namespaced && type !== Events).map((type) => ({
    target: { group: type.group, resource: type.resource },
    informer: informers.informer(type),
  }));
  const chargedAt = new Map<string, number>();
  const waitingSince = new Map<string, number>();

  const controller = startReconciler(context, [quotas, ...sources.map(({ informer }) => informer)], {
    name: "resource_quota_controller",
    workers: 5,
    reconcile: async (key) => {
      const [namespace, name] = key.split("/") as [string, string];
      const quota = quotas.lister.get(name, namespace);
      if (!quota || quota.metadata.deletionTimestamp) {
        chargedAt.delete(key);
        waitingSince.delete(key);
        return;
      }
      const names = Object.keys(quota.spec?.hard ?? {});
      const counted: Counted[] = sources
        .filter(({ target }) => concerns(names, target))
        .map(({ target, informer }) => ({ target, objects: informer.lister.list({ namespace }) }));
      const status = planStatus(quota, counted, clock.now());
      const change = compareStatus(quota, status);
      const wait_ms = change === "less" ? unsettled_ms(key) : 0;
      if (wait_ms > 0) return { requeueAfter_ms: wait_ms };
      waitingSince.delete(key);
      if (change !== "none") await client.updateStatus(ResourceQuotas, { ...quota, status });
      return { requeueAfter_ms: RESYNC_MS };
    },
  });

  /** How long to wait until what was charged lately can be counted; 0: count. */
  function unsettled_ms(key: string): number {
    const now_ms = clock.monotonic();
    const charged = chargedAt.get(key);
    if (charged === undefined || now_ms - charged >= SETTLE_MS) return 0;
    const since = waitingSince.get(key) ?? now_ms;
    waitingSince.set(key, since);
    return now_ms - since >= PATIENCE_MS ? 0 : charged + SETTLE_MS - now_ms;
  }

  const keyOf = ({ metadata }: KubeObject | ResourceQuota) => `${metadata.namespace}/${metadata.name}`;
  quotas.subscribe({
    add: (quota) => controller.queue.add(keyOf(quota)),
    update: (quota, old) => {
      if (grew(quota, old)) chargedAt.set(keyOf(quota), clock.monotonic());
      if (JSON.stringify(quota.spec) !== JSON.stringify(old.spec)) controller.queue.add(keyOf(quota));
    },
  });
  for (const { target, informer } of sources) {
    const recount = (object: KubeObject) => {
      for (const quota of quotas.lister.list({ namespace: object.metadata.namespace! })) {
        if (concerns(Object.keys(quota.spec?.hard ?? {}), target)) controller.queue.add(keyOf(quota));
      }
    };
    informer.subscribe({
      delete: recount,
      update: (object, old) => {
        if (releases(informer.type, object, old)) recount(object);
      },
    });
  }
}

/** An update after which the object may use less. */
function releases(type: { resource: string; group: string }, object: KubeObject, old: KubeObject): boolean {
  if (type === Pods) return isPodTerminal(object as never) && !isPodTerminal(old as never);
  if (type === Services) return JSON.stringify(object["spec"]) !== JSON.stringify(old["spec"]);
  return false;
}
