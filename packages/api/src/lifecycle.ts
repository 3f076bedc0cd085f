/** The way of an object to the store: metadata that the system owns, the kind's strategy, validation. */
import type { DeleteDecision, DeleteOptionsBody, ResourceDefinition, Strategy, UpdateStrategy, WriteContext } from "./definition.ts";
import { formatTime } from "./duration.ts";
import { FieldErrors, invalidError } from "./field-error.ts";
import { cloneJson, jsonEqual } from "./json-equal.ts";
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER, validateMeta, validateMetaUpdate } from "./meta/validate.ts";
import { ApiError, apiError, REASON_CODES } from "./status.ts";
import type { KubeObject } from "./types.ts";

const GENERATED_NAME_BASE_MAX = 58;
const GENERATED_SUFFIX_LENGTH = 5;

export function applyDefaults(def: ResourceDefinition, obj: KubeObject): void {
  def.defaults(obj);
}

/** An object written to a URL names itself; its namespace may be left to the URL. */
export function checkIdentity(def: ResourceDefinition, obj: KubeObject, url: { namespace: string; name?: string }): void {
  const meta = (obj.metadata ??= {});
  if (def.namespaced) {
    meta.namespace ||= url.namespace;
    if (meta.namespace !== url.namespace && url.name !== undefined) {
      const asked = `does not match the namespace on the request (${url.namespace})`;
      throw apiError("BadRequest", `the namespace of the object (${meta.namespace}) ${asked}`);
    }
    if (meta.namespace !== url.namespace) {
      throw apiError("BadRequest", "the namespace of the provided object does not match the namespace sent on the request");
    }
  }
  if (url.name === undefined) return;
  if (!meta.name) {
    throw apiError("BadRequest", `the name of the object (${url.name} based on URL) was undeterminable: name must be provided`);
  }
  if (meta.name !== url.name) {
    throw apiError("BadRequest", `the name of the object (${meta.name}) does not match the name on the URL (${url.name})`);
  }
}

export function beforeCreate(def: ResourceDefinition, obj: KubeObject, ctx: WriteContext): string[] {
  const { strategy } = def;
  const meta = (obj.metadata ??= {});
  if (meta.resourceVersion) throw resourceVersionOnCreate();
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  meta.uid = ctx.newUid();
  meta.creationTimestamp = formatTime(ctx.now_ms);
  if (!meta.name && meta.generateName) {
    meta.name = meta.generateName.slice(0, GENERATED_NAME_BASE_MAX) + ctx.randomSuffix(GENERATED_SUFFIX_LENGTH);
  }
  if (hasStatus(def) && !strategy.keepsStatusOnCreate) resetStatus(obj, undefined);
  strategy.prepareForCreate?.(obj, ctx);
  if (strategy.tracksGeneration) meta.generation = 1;
  const errors = new FieldErrors();
  validateMeta(def, meta, errors);
  strategy.validate?.(obj, errors);
  strategy.validateCreate?.(obj, errors);
  if (!errors.empty) throw invalidError(def.group, def.kind, meta.name ?? "", errors);
  return strategy.warnings?.(obj) ?? [];
}

/** Upstream answers this one without a reason. */
function resourceVersionOnCreate(): ApiError {
  const message = "resourceVersion should not be set on objects to be created";
  return new ApiError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: REASON_CODES.InternalError });
}

export function beforeUpdate(
  def: ResourceDefinition,
  subresource: string | undefined,
  obj: KubeObject,
  old: KubeObject,
  ctx: WriteContext,
): string[] {
  carryMeta(obj, old);
  const { strategy, style } = strategyOf(def, subresource);
  if (style === "status") keepAllBut(obj, old, "status");
  // A subresource that is no status (approval, resize) decides by itself what it lets through.
  else if (style === "main" && hasStatus(def)) resetStatus(obj, old);
  strategy.prepareForUpdate?.(obj, old, ctx);
  if (style !== "status") bumpGeneration(def, obj, old);
  const errors = new FieldErrors();
  validateMeta(def, obj.metadata, errors);
  validateMetaUpdate(obj, old, errors);
  const updateFirst = def.strategy.checksUpdateFirst ?? false;
  if (updateFirst) strategy.validateUpdate?.(obj, old, errors, ctx);
  if (style === "main") (strategy as Strategy).validate?.(obj, errors);
  if (!updateFirst) strategy.validateUpdate?.(obj, old, errors, ctx);
  if (!errors.empty) throw invalidError(def.group, def.kind, obj.metadata.name ?? "", errors);
  return style === "main" ? (def.strategy.warnings?.(obj, old) ?? []) : [];
}

function strategyOf(
  def: ResourceDefinition,
  subresource: string | undefined,
): { strategy: UpdateStrategy; style: "main" | "status" | "object" } {
  const found = subresource ? def.subresources.find((candidate) => candidate.name === subresource) : undefined;
  if (!found || found.style === "scale") return { strategy: def.strategy, style: "main" };
  return { strategy: found.strategy ?? {}, style: found.style === "status" ? "status" : "object" };
}

const hasStatus = (def: ResourceDefinition): boolean => def.subresources.some((subresource) => subresource.style === "status");

/** Writes to the object itself don't touch its status. */
function resetStatus(obj: KubeObject, old: KubeObject | undefined): void {
  if (old?.["status"] !== undefined) obj["status"] = old["status"];
  else if (obj["status"] !== undefined) obj["status"] = {};
}

/** Writes to the status touch nothing else; of the metadata, labels stay. */
function keepAllBut(obj: KubeObject, old: KubeObject, kept: string): void {
  for (const key of Object.keys(obj)) if (key !== "metadata" && key !== kept && old[key] === undefined) delete obj[key];
  for (const key of Object.keys(old)) if (key !== "metadata" && key !== kept) obj[key] = old[key];
  const { labels } = old.metadata;
  if (labels) obj.metadata.labels = labels;
  else delete obj.metadata.labels;
}

export function conflict(def: ResourceDefinition, obj: KubeObject, problem: string): ApiError {
  const qualified = def.group === "" ? def.resource : `${def.resource}.${def.group}`;
  const { name = "" } = obj.metadata;
  return apiError("Conflict", `Operation cannot be fulfilled on ${qualified} ${JSON.stringify(name)}: ${problem}`, {
    name,
    ...(def.group ? { group: def.group } : {}),
    kind: def.resource,
  });
}

const SYSTEM_FIELDS = ["creationTimestamp", "generation"] as const;
/** A client may leave these out; another value it may not send. */
const IDENTITY_FIELDS = ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;

/** What clients can't change; a client that leaves it out, or sends an old copy, is not told off for it. */
function carryMeta(obj: KubeObject, old: KubeObject): void {
  const meta = obj.metadata as Record<string, unknown>;
  for (const field of SYSTEM_FIELDS) {
    if (old.metadata[field] === undefined) delete meta[field];
    else meta[field] = old.metadata[field];
  }
  for (const field of IDENTITY_FIELDS) meta[field] ??= old.metadata[field];
  for (const field of IDENTITY_FIELDS) if (meta[field] === undefined) delete meta[field];
  delete meta["selfLink"];
}

function bumpGeneration(def: ResourceDefinition, obj: KubeObject, old: KubeObject): void {
  if (!def.strategy.tracksGeneration) return;
  const changed = (def.strategy.specChanged ?? differs)(obj, old);
  obj.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0);
}

const OUTSIDE_SPEC = new Set(["metadata", "status", "kind", "apiVersion"]);

function differs(obj: KubeObject, old: KubeObject): boolean {
  const keys = new Set([...Object.keys(obj), ...Object.keys(old)]);
  for (const key of keys) if (!OUTSIDE_SPEC.has(key) && !jsonEqual(obj[key], old[key])) return true;
  return false;
}

export function beforeDelete(def: ResourceDefinition, live: KubeObject, options: DeleteOptionsBody, ctx: WriteContext): DeleteDecision {
  checkPreconditions(def, live, options);
  const { strategy } = def;
  const finalizers = finalizersFor(def, live, options);
  const held = finalizers.length > 0 || (strategy.holdsDeletion?.(live) ?? false);
  const grace_seconds = strategy.gracePeriodSeconds?.(live, options.gracePeriodSeconds) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds } = live.metadata;
  if (deletionTimestamp !== undefined) {
    const shorter = grace_seconds < (deletionGracePeriodSeconds ?? 0);
    if (!held && grace_seconds === 0) return { action: "remove", object: live };
    if (!shorter && jsonEqual(finalizers, live.metadata.finalizers ?? [])) return { action: "none", object: live };
    return { action: "mark", object: marked(def, live, finalizers, shorter ? grace_seconds : (deletionGracePeriodSeconds ?? 0), ctx) };
  }
  if (!held && grace_seconds === 0) return { action: "remove", object: live };
  return { action: "mark", object: marked(def, live, finalizers, grace_seconds, ctx) };
}

function marked(def: ResourceDefinition, live: KubeObject, finalizers: string[], grace_seconds: number, ctx: WriteContext): KubeObject {
  const object = cloneJson(live);
  const { metadata } = object;
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const again = metadata.deletionTimestamp !== undefined;
  const start_ms = again ? Date.parse(metadata.deletionTimestamp!) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000 : ctx.now_ms;
  metadata.deletionTimestamp = formatTime(start_ms + grace_seconds * 1000);
  metadata.deletionGracePeriodSeconds = grace_seconds;
  if (!again && (metadata.generation ?? 0) > 0) metadata.generation = metadata.generation! + 1;
  def.strategy.markDeleted?.(object);
  return object;
}

function checkPreconditions(def: ResourceDefinition, live: KubeObject, { preconditions }: DeleteOptionsBody): void {
  const { uid, resourceVersion } = live.metadata;
  if (preconditions?.uid && preconditions.uid !== uid) {
    const problem = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid})`;
    throw kindConflict(def, live, `${problem}. The object might have been deleted and then recreated`);
  }
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion) {
    const asked = preconditions.resourceVersion;
    const problem = `the ResourceVersion in the precondition (${asked}) does not match the ResourceVersion in record (${resourceVersion})`;
    throw kindConflict(def, live, `${problem}. The object might have been modified`);
  }
}

/** Of preconditions upstream speaks with the kind's name for the resource's. */
const kindConflict = (def: ResourceDefinition, live: KubeObject, problem: string): ApiError =>
  conflict({ ...def, resource: def.kind }, live, problem);

/** The garbage collector's finalizers follow the propagation policy; others stay (upstream: deletionFinalizersForGarbageCollection). */
function finalizersFor(def: ResourceDefinition, live: KubeObject, options: DeleteOptionsBody): string[] {
  const present = live.metadata.finalizers ?? [];
  const asked = propagationOf(options) ?? defaultPropagation(def, present);
  if (asked === undefined) return [...present];
  const others = present.filter((finalizer) => finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER);
  if (asked === "Orphan") return [...others, ORPHAN_FINALIZER];
  return asked === "Foreground" ? [...others, FOREGROUND_FINALIZER] : others;
}

function propagationOf({ propagationPolicy, orphanDependents }: DeleteOptionsBody): string | undefined {
  return propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? "Orphan" : "Background");
}

/** A finalizer of the garbage collector that is there already goes before the kind's default. */
function defaultPropagation(def: ResourceDefinition, present: readonly string[]): string | undefined {
  if (present.includes(ORPHAN_FINALIZER) || present.includes(FOREGROUND_FINALIZER)) return undefined;
  return def.strategy.orphansByDefault ? "Orphan" : undefined;
}

export function finishesDeletion(def: ResourceDefinition, obj: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = obj.metadata;
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0 || def.strategy.holdsDeletion?.(obj)) return false;
  return (deletionGracePeriodSeconds ?? 0) === 0;
}
