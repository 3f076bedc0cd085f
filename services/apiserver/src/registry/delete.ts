import {
  beforeDelete,
  type DeleteOptionsBody,
  decodeAs,
  FieldErrors,
  groupVersion,
  isNotFound,
  type KubeObject,
  type ResourceDefinition,
} from "@flotilla/api";
import type { Call, Reply } from "../request/call.ts";
import { conflict, MODIFIED, methodNotAllowed, notFound } from "../request/errors.ts";
import { isTrue } from "../request/request-info.ts";
import { filterOf } from "./filter.ts";
import { hookOf } from "./hooks.ts";
import { cacheOf, type Kernel, keyOf, preparedView, prepareViews, storedBytes, viewOf, writeContext } from "./kernel.ts";
import { checkDryRun, integerOf, invalidOptions, writeOptions } from "./options.ts";

const RACES_MAX = 50;
/** Kinds whose DELETE answers with the object instead of a Status. */
const RETURNS_OBJECT = new Set([
  "pods",
  "services",
  "serviceaccounts",
  "persistentvolumes",
  "persistentvolumeclaims",
  "podtemplates",
  "resourcequotas",
]);
const DELETE_OPTIONS = { schema: "meta/v1.DeleteOptions", group: "", version: "v1", kind: "DeleteOptions" };
/** How many objects of a collection are being deleted at the same time. */
const COLLECTION_WORKERS = 16;

export interface Deletion {
  object: KubeObject;
  /** It is gone; otherwise its finalizers or grace period hold it. */
  removed: boolean;
}

export async function remove(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const { namespace, name } = call.info;
  if (name === "" || (def.namespaced && namespace === "")) throw methodNotAllowed();
  const { options, dryRun } = await deleteOptions(call, def);
  const deletion = await deleteObject(kernel, call, def, namespace, name, options, dryRun);
  // Accepted: held back although its dependents were to go with it.
  const code = !deletion.removed && options.orphanDependents === false ? 202 : 200;
  if (!deletion.removed || RETURNS_OBJECT.has(def.resource)) return { type: "object", code, definition: def, object: deletion.object };
  return { type: "object", code: 200, definition: undefined, object: deletedStatus(def, deletion.object) };
}

function deletedStatus(def: ResourceDefinition, object: KubeObject): object {
  const { name, uid } = object.metadata;
  const details = { name, ...(def.group === "" ? {} : { group: def.group }), kind: def.resource, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** DeleteOptions from the body, or else from the query. */
export async function deleteOptions(call: Call, def: ResourceDefinition): Promise<{ options: DeleteOptionsBody; dryRun: boolean }> {
  const body = await call.body();
  let options: DeleteOptionsBody = {};
  if (body.length > 0) {
    // Typed clients name the group of what they delete, dynamic ones meta.k8s.io.
    const expected = { ...DELETE_OPTIONS, alsoIn: [groupVersion(def.group, def.version), "meta.k8s.io/v1"] };
    options = decodeAs(expected, body, call.contentType ? { contentType: call.contentType } : {}).object as unknown as DeleteOptionsBody;
  } else {
    const grace_seconds = integerOf(call.query, "gracePeriodSeconds");
    const policy = call.query.get("propagationPolicy");
    const orphan = call.query.get("orphanDependents");
    options = {
      ...(grace_seconds === undefined ? {} : { gracePeriodSeconds: grace_seconds }),
      ...(policy === null ? {} : { propagationPolicy: policy }),
      ...(orphan === null ? {} : { orphanDependents: isTrue(orphan) }),
    };
  }
  checkDeleteOptions(options);
  return { options, dryRun: writeOptions(call).dryRun || (options.dryRun ?? []).length > 0 };
}

const POLICIES = ["Foreground", "Background", "Orphan"];

function checkDeleteOptions({ orphanDependents, propagationPolicy: policy, dryRun }: DeleteOptionsBody): void {
  const errors = new FieldErrors();
  if (policy && orphanDependents !== undefined) {
    errors.invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set");
  }
  if (policy && !POLICIES.includes(policy)) errors.notSupportedInOrder("propagationPolicy", policy, [...POLICIES, "nil"]);
  checkDryRun(dryRun ?? [], errors);
  if (!errors.empty) throw invalidOptions("DeleteOptions", errors);
}

export async function deleteObject(
  kernel: Kernel,
  call: Call,
  def: ResourceDefinition,
  namespace: string,
  name: string,
  options: DeleteOptionsBody,
  dryRun: boolean,
): Promise<Deletion> {
  const key = keyOf(def, namespace, name);
  const attributes = {
    operation: "DELETE" as const,
    definition: def,
    namespace,
    name,
    subresource: "",
    user: call.user,
    dryRun,
    warnings: call.warnings,
    annotations: call.annotations,
  };
  let stored = cacheOf(kernel, def).get(key);
  let current = stored === undefined;
  if (current) stored = await kernel.store.read(key);
  for (let race = 0; race < RACES_MAX; race++) {
    if (!stored) throw notFound(def, name);
    const live = (await preparedView(def, stored)).object;
    try {
      await kernel.admission.validate(attributes, undefined, live);
      const decision = beforeDelete(def, live, options, writeContext(kernel, namespace, call.user));
      if (decision.action === "none" && current) return { object: decision.object, removed: false };
      if (decision.action !== "none") {
        if (dryRun) return { object: decision.object, removed: decision.action === "remove" };
        if (decision.action === "remove") {
          const result = await kernel.store.remove(key, stored.revision);
          if (result.ok) {
            await hookOf(kernel.hooks, def)?.afterRemove?.(live);
            return { object: decision.object, removed: true };
          }
          stored = result.current;
        } else {
          const result = await kernel.store.swap(key, stored.revision, await storedBytes(def, decision.object), stored.lease);
          if (result.ok) return { object: (await preparedView(def, result.entry)).object, removed: false };
          stored = result.current;
        }
        current = true;
        continue;
      }
    } catch (error) {
      if (current) throw error;
      const newest = await kernel.store.read(key);
      if (newest?.revision === stored?.revision) throw error;
      stored = newest;
      current = true;
      continue;
    }
    stored = await kernel.store.read(key);
    current = true;
  }
  throw conflict(def, name, MODIFIED);
}

export async function removeCollection(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const { namespace } = call.info;
  const { options, dryRun } = await deleteOptions(call, def);
  const filter = filterOf(def, namespace, "", call.query);
  await kernel.store.fresh();
  const stored = [...cacheOf(kernel, def).scan(filter.prefix)];
  await prepareViews(def, stored);
  const entries = stored.map((entry) => viewOf(def, entry)).filter((entry) => filter.matches(entry));
  const queue = entries.values();
  const worker = async () => {
    for (const entry of queue) {
      try {
        await deleteObject(kernel, call, def, entry.namespace, entry.name, options, dryRun);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: COLLECTION_WORKERS }, worker));
  return { type: "list", definition: def, entries, metadata: { resourceVersion: String(kernel.store.revision) } };
}
