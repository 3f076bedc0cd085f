import {
  chargeQuota,
  countName,
  type KubeObject,
  missingRequirements,
  negativeNames,
  type QuotaTarget,
  quotaResources,
  quotaUsage,
  type ResourceList,
  type ResourceQuota,
  usageDelta,
} from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import { forbidden } from "../request/errors.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import { cachedObjects } from "./cached.ts";
import { QuotaLedger } from "./quota/ledger.ts";

/** Kinds whose updates may cost more; all others are counted when they are made. */
const GROWING = new Set(["services", "persistentvolumeclaims"]);
/** Reviews and the like are never stored; events are not counted (upstream ignores them). */
const UNCOUNTED = new Set(["events", "bindings"]);

interface Due {
  quota: ResourceQuota;
  delta: ResourceList;
}

/** Charges objects to the quotas of their namespace before they are written (upstream's ResourceQuota). */
export function resourceQuota({ store, clock }: { store: Pick<Store, "cache" | "read" | "swap">; clock: Clock }): AdmissionPlugin {
  const ledger = new QuotaLedger(store);
  return {
    name: "ResourceQuota",
    validate(attributes, object, old) {
      if (!object || !concerns(attributes)) return;
      const quotas = cachedObjects<ResourceQuota>(store, "resourcequotas", attributes.namespace);
      if (quotas.length === 0) return;
      const due = dueOf(attributes, quotas, object, old, clock.now());
      if (due.length === 0) return;
      return attributes.dryRun ? foresee(attributes, due) : reserve(ledger, attributes, due);
    },
  };
}

function concerns({ operation, definition, namespace, subresource }: AdmissionAttributes): boolean {
  if (namespace === "" || subresource !== "" || !definition.storage || UNCOUNTED.has(definition.resource)) return false;
  return operation === "CREATE" || (operation === "UPDATE" && definition.group === "" && GROWING.has(definition.resource));
}

/** What this write adds to which quota. @throws ApiError Forbidden when it may not be counted at all. */
function dueOf(
  attributes: AdmissionAttributes,
  quotas: readonly ResourceQuota[],
  object: KubeObject,
  old: KubeObject | undefined,
  now_ms: number,
): Due[] {
  const { definition, name } = attributes;
  const target: QuotaTarget = { group: definition.group, resource: definition.resource };
  const concerned: { quota: ResourceQuota; names: string[] }[] = [];
  for (const quota of quotas) {
    const names = quotaResources(quota, target, object);
    if (!names) continue;
    const missing = missingRequirements(names, target, object);
    if (missing) throw forbidden(definition, name, `failed quota: ${quota.metadata.name}: ${missing}`);
    const unknown = names.filter((one) => quota.status?.used?.[one] === undefined);
    if (unknown.length > 0)
      throw forbidden(definition, name, `status unknown for quota: ${quota.metadata.name}, resources: ${unknown.join(",")}`);
    concerned.push({ quota, names });
  }
  if (concerned.length === 0) return [];
  const usage = quotaUsage(target, object, now_ms);
  const negative = negativeNames(usage);
  if (negative.length > 0) throw forbidden(definition, name, `quota usage is negative for resource(s): ${negative.join(",")}`);
  const delta = usageDelta(usage, old ? quotaUsage(target, old, now_ms) : {});
  // What is there already is counted already.
  if (old) delete delta[countName(target)];
  return concerned
    .map(({ quota, names }) => ({ quota, delta: Object.fromEntries(names.filter((n) => n in delta).map((n) => [n, delta[n]!])) }))
    .filter((one) => Object.keys(one.delta).length > 0);
}

/** A dry run is told what would happen, and uses nothing. */
function foresee({ definition, name }: AdmissionAttributes, due: readonly Due[]): void {
  for (const { quota, delta } of due) {
    const result = chargeQuota(quota.metadata.name!, quota.status?.hard ?? {}, quota.status?.used ?? {}, delta);
    if (!result.ok) throw forbidden(definition, name, result.message);
  }
}

async function reserve(ledger: QuotaLedger, attributes: AdmissionAttributes, due: readonly Due[]): Promise<void> {
  const charged: (() => Promise<void>)[] = [];
  for (const { quota, delta } of due) {
    const key = `/registry/resourcequotas/${attributes.namespace}/${quota.metadata.name}`;
    const refusal = await ledger.charge(key, delta);
    if (refusal !== undefined) {
      await Promise.all(charged.map((undo) => undo()));
      throw forbidden(attributes.definition, attributes.name, refusal);
    }
    charged.push(() => ledger.refund(key, delta));
  }
  attributes.onFailure?.push(...charged);
}
