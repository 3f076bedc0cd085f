import {
  apiError,
  applyDefaults,
  beforeUpdate,
  checkIdentity,
  cloneJson,
  decodeBody,
  finishesDeletion,
  jsonEqual,
  type KubeObject,
  type ResourceDefinition,
  trackManagedFields,
} from "@flotilla/api";
import { giveBack } from "../admission/admission.ts";
import { type Call, entryReply, type Reply } from "../request/call.ts";
import { conflict, MODIFIED, methodNotAllowed, notFound } from "../request/errors.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Entry } from "../storage/entry.ts";
import { createObject, decodeOptionsOf } from "./create.ts";
import { hookOf } from "./hooks.ts";
import { cacheOf, type Kernel, keyOf, preparedView, storedBytes, writeContext } from "./kernel.ts";
import { type WriteOptions, writeOptions } from "./options.ts";
import { dedupOwners } from "./owners.ts";

/** Lost races before the client hears of them: each loss means that somebody else won. */
const RACES_MAX = 50;

/** Computes the new object from the current one; called again after each lost race. Must not change `current`. */
export type Transform = (
  current: KubeObject,
) => Promise<{ object: KubeObject; applied?: boolean }> | { object: KubeObject; applied?: boolean };

export async function update(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const { namespace, name, subresource } = call.info;
  if (name === "" || (def.namespaced && namespace === "")) throw methodNotAllowed();
  const options = writeOptions(call);
  const decoded = decodeBody(def, await call.body(), decodeOptionsOf(call, options));
  call.warnings.push(...decoded.warnings);
  checkIdentity(def, decoded.object, { namespace, name });
  if (def.strategy.allowCreateOnUpdate && subresource === "") {
    await kernel.store.fresh();
    if (!cacheOf(kernel, def).get(keyOf(def, namespace, name))) return createObject(kernel, call, def, decoded, options);
  }
  return modify(kernel, call, def, options, () => ({ object: cloneJson(decoded.object) }));
}

/** Reads, transforms, checks and writes with compare-and-swap until it holds. */
export async function modify(
  kernel: Kernel,
  call: Call,
  def: ResourceDefinition,
  options: WriteOptions,
  transform: Transform,
): Promise<Reply> {
  const { namespace, name } = call.info;
  const key = keyOf(def, namespace, name);
  let stored = cacheOf(kernel, def).get(key);
  // What the cache says may be old: a refusal that rests on it is checked against the store itself.
  let current = stored === undefined;
  if (current) stored = await kernel.store.read(key);
  for (let race = 0; race < RACES_MAX; race++) {
    if (!stored) throw notFound(def, name);
    const warnings = call.warnings.length;
    try {
      const attempt = await attemptUpdate(kernel, call, def, options, transform, stored);
      if ("reply" in attempt) {
        if (current || !attempt.unchanged) return attempt.reply;
        stored = await kernel.store.read(key);
      } else stored = attempt.newer;
    } catch (error) {
      if (current) throw error;
      const newest = await kernel.store.read(key);
      if (newest?.revision === stored?.revision) throw error;
      stored = newest;
    }
    current = true;
    call.warnings.length = warnings;
  }
  throw conflict(def, name, MODIFIED);
}

type Attempt = { reply: Reply; unchanged: boolean } | { newer: Entry | undefined };

async function attemptUpdate(
  kernel: Kernel,
  call: Call,
  def: ResourceDefinition,
  options: WriteOptions,
  transform: Transform,
  stored: Entry,
): Promise<Attempt> {
  const { namespace, name, subresource } = call.info;
  const entry = await preparedView(def, stored);
  // A copy: strategies may carry parts of it over and change them, and the entry is everybody's.
  const old = cloneJson(entry.object);
  const { object, applied } = await transform(old);
  checkPreconditions(def, object, stored, old, call.info);
  const context = writeContext(kernel, namespace, call.user);
  const attributes = {
    operation: "UPDATE" as const,
    definition: def,
    namespace,
    name,
    subresource,
    user: call.user,
    dryRun: options.dryRun,
    warnings: call.warnings,
    onFailure: [],
    annotations: call.annotations,
  };
  dedupOwners(object, call.warnings, false);
  applyDefaults(def, object);
  const write = { manager: options.manager, now_ms: context.now_ms, ...(subresource === "" ? {} : { subresource }) };
  // Before admission and the strategy, as for create; other subresources (approval, resize) let only their strategy say what they change.
  const early = subresource === "" || subresource === "status";
  if (!applied && early) trackManagedFields(def, object, old, write);
  await kernel.admission.mutate(attributes, object, old);
  dedupOwners(object, call.warnings, true);
  call.warnings.push(...beforeUpdate(def, subresource === "" ? undefined : subresource, object, old, context));
  if (!applied && !early) trackManagedFields(def, object, old, write);
  await kernel.admission.validate(attributes, object, old);
  const reply = (of: KubeObject, at?: Entry): Reply => ({
    type: "object",
    code: 200,
    definition: def,
    object: of,
    ...(at ? { entry: at } : {}),
  });
  if (options.dryRun) {
    const metadata = { ...object.metadata, resourceVersion: old.metadata.resourceVersion! };
    return { reply: reply({ ...object, metadata }), unchanged: false };
  }
  // The last finalizer is gone from an object that is being deleted: this update is its end.
  if (old.metadata.deletionTimestamp && finishesDeletion(def, object)) return removeReleased(kernel, def, stored, object, reply);
  // A value sealed with an old key is written anew even so.
  if (!stored.stale && sameButTimes(object, entry.object)) {
    await giveBack(attributes);
    return { reply: entryReply(200, def, entry), unchanged: true };
  }
  const hook = hookOf(kernel.hooks, def);
  const claim = await hook?.beforeWrite?.(object, old);
  const bytes = await storedBytes(def, object);
  const result = await kernel.store.swap(stored.key, stored.revision, bytes, stored.lease).catch(async (error) => {
    await claim?.release();
    await giveBack(attributes);
    throw error;
  });
  if (!result.ok) {
    await claim?.release();
    await giveBack(attributes);
    return { newer: result.current };
  }
  await hook?.afterWrite?.(object, old);
  const written = await preparedView(def, result.entry);
  return { reply: entryReply(200, def, written), unchanged: false };
}

function checkPreconditions(
  def: ResourceDefinition,
  object: KubeObject,
  { key }: Entry,
  old: KubeObject,
  { verb, subresource }: RequestInfo,
): void {
  const name = old.metadata.name!;
  const { uid, resourceVersion } = object.metadata;
  // A patch's result is held to it by validation.
  if (verb === "update" && uid && uid !== old.metadata.uid) {
    const problem = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
    throw conflict(def, name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${problem}`);
  }
  if (resourceVersion && resourceVersion !== "0") {
    if (resourceVersion !== old.metadata.resourceVersion) throw conflict(def, name, MODIFIED);
  } else if (def.strategy.allowUnconditionalUpdate === false && subresource === "") {
    const message = "Invalid value: 0: must be specified for an update";
    throw apiError(
      "Invalid",
      `${def.group === "" ? def.kind : `${def.kind}.${def.group}`} ${JSON.stringify(name)} is invalid: metadata.resourceVersion: ${message}`,
      {
        name,
        ...(def.group === "" ? {} : { group: def.group }),
        kind: def.kind,
        causes: [{ reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" }],
      },
    );
  }
}

async function removeReleased(
  kernel: Kernel,
  def: ResourceDefinition,
  stored: Entry,
  object: KubeObject,
  reply: (of: KubeObject) => Reply,
): Promise<Attempt> {
  const result = await kernel.store.remove(stored.key, stored.revision);
  if (!result.ok) return { newer: result.current };
  await hookOf(kernel.hooks, def)?.afterRemove?.(object);
  return { reply: reply({ ...object, metadata: { ...object.metadata, resourceVersion: String(result.revision) } }), unchanged: false };
}

/** An update that changes nothing is not written: no event, same resourceVersion. New times in managedFields alone do not count. */
function sameButTimes(object: KubeObject, old: KubeObject): boolean {
  const strip = (o: KubeObject) => {
    const { resourceVersion: _, managedFields, ...metadata } = o.metadata;
    const fields = (managedFields ?? []).map(({ time: __, ...rest }) => rest);
    return { ...o, metadata: { ...metadata, managedFields: fields } };
  };
  return jsonEqual(strip(object), strip(old));
}
