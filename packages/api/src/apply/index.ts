/**
 * Server-side apply (KEP-555): an applied configuration owns the fields it names; another manager's field that
 * it would change is a conflict; a field that it no longer names, and nobody else owns, is taken out.
 */

import { bodyText } from "../decode/json.ts";
import { decodeTree, groupVersion, yamlTree } from "../decode.ts";
import type { ApplyRequest, Decoded, ManagedWrite, ResourceDefinition } from "../definition.ts";
import { cloneJson, jsonEqual } from "../json-equal.ts";
import { checkIdentity } from "../lifecycle.ts";
import { isObject } from "../schema/conform.ts";
import { structOf } from "../schema/schema.ts";
import { ApiError, apiError, REASON_CODES, type StatusCause } from "../status.ts";
import type { KubeObject } from "../types.ts";
import { addPath, eachPath, type FieldSet, hasPath, pathText, touchesPath } from "./field-set.ts";
import { checkDuplicates, onlyGiven } from "./given.ts";
import { disown, isEntry, isSame, type ManagerEntry, type ManagerId, managersOf, withManager, writeManagers } from "./managers.ts";
import { mergeApplied, withoutPath } from "./merge.ts";
import { changedSet, fieldSetOf, type Shape, valueAt } from "./typed.ts";

const shape = (def: ResourceDefinition): Shape => def.custom?.shape ?? { kind: "struct", type: structOf(def.schema) };

/** metadata's fields that only the server writes, and what names the object: nobody owns those. */
const UNOWNED_META = ["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

/** The part of an object that managers own, for this subresource. */
function owned(obj: KubeObject, subresource: string | undefined): Record<string, unknown> {
  const { apiVersion: _, kind: __, metadata, status, ...rest } = obj;
  if (subresource === "status") return { ...(status === undefined ? {} : { status }) };
  const meta = Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => !UNOWNED_META.includes(key)));
  return { ...rest, ...(status === undefined ? {} : { status }), ...(Object.keys(meta).length > 0 ? { metadata: meta } : {}) };
}

/** The body is a partial object in JSON or YAML. @throws ApiError Conflict, with a cause for each field, unless `force`. */
export function applyServerSide(def: ResourceDefinition, live: KubeObject | undefined, request: ApplyRequest): Decoded {
  const { applied, given } = decodeApplied(def, live, request);
  const type = shape(def);
  const mine = onlyGiven(owned(applied, request.subresource), given) as Record<string, unknown>;
  if (hasStatus(def) && request.subresource !== "status") {
    delete mine["status"];
    if (def.custom) delete applied["status"];
    else if (applied["status"] !== undefined) applied["status"] = {};
  }
  checkDuplicates(type, mine, (problem) => notTyped(def, applied, [problem]));
  const set = fieldSetOf(type, mine);
  const id: ManagerId = {
    manager: request.manager,
    operation: "Apply",
    apiVersion: groupVersion(def.group, def.version),
    ...(request.subresource ? { subresource: request.subresource } : {}),
  };
  if (live === undefined) {
    writeManagers(applied, withManager([], id, set, request.now_ms));
    return { object: applied, warnings: [] };
  }
  const before = managersBefore(def, type, live, request.now_ms);
  const others = before.filter((entry) => !isSame(entry, id));
  const conflicts = conflictsOf(type, live, mine, set, others);
  if (conflicts.length > 0 && !request.force) throw conflictError(conflicts);
  const kept = disown(others, setOf(conflicts));
  const previous = before.find((entry) => isSame(entry, id))?.fieldsV1 ?? {};
  let merged: unknown = mergeApplied(type, cloneJson(live), mine);
  eachPath(previous, (path) => {
    if (!hasPath(set, path) && !kept.some(({ fieldsV1 }) => touchesPath(fieldsV1, path))) merged = withoutPath(type, merged, path) ?? {};
  });
  // What the merge has added has yet to get the fields that are always there.
  const { object } = decodeTree(def, merged);
  object.metadata ??= {};
  if (applied.metadata.resourceVersion) object.metadata.resourceVersion = applied.metadata.resourceVersion;
  if (applied.metadata.uid) object.metadata.uid = applied.metadata.uid;
  const unchanged = jsonEqual(previous, set) && conflicts.length === 0;
  writeManagers(object, unchanged ? before : withManager(kept, id, set, request.now_ms));
  return { object, warnings: [] };
}

/** The configuration as an object, and as it was given: an object has more fields than its sender named. */
function decodeApplied(
  def: ResourceDefinition,
  live: KubeObject | undefined,
  { body }: ApplyRequest,
): { applied: KubeObject; given: unknown } {
  const tree = yamlTree(bodyText(body));
  const expected = groupVersion(def.group, def.version);
  if (isObject(tree) && tree["apiVersion"] !== expected) {
    const version = tree["apiVersion"] ?? "";
    throw apiError("BadRequest", `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${expected}`);
  }
  const given = cloneJson(tree);
  const { object: applied, warnings } = decodeTree(def, tree, "Warn");
  applied.metadata ??= {};
  if (applied.metadata.managedFields !== undefined) throw apiError("BadRequest", "metadata.managedFields must be nil");
  const unknown = warnings.flatMap((warning) => /^unknown field "(.*)"$/s.exec(warning)?.[1] ?? []);
  if (unknown.length > 0) {
    throw notTyped(
      def,
      applied,
      unknown.map((path) => `.${path}: field not declared in schema`),
    );
  }
  if (live !== undefined) {
    const { namespace = "", name = "" } = live.metadata;
    applied.metadata.name ??= name;
    checkIdentity(def, applied, { namespace, name });
  }
  return { applied, given };
}

/** Upstream answers this one without a reason. */
function notTyped(def: ResourceDefinition, applied: KubeObject, problems: readonly string[]): ApiError {
  const { namespace = "", name = "" } = applied.metadata;
  const texts = problems.length === 1 ? problems[0] : `errors:${problems.map((problem) => `\n  ${problem}`).join("")}`;
  const object = `${namespace}/${name}; ${def.group}/${def.version}, Kind=${def.kind}`;
  const message = `failed to create typed patch object (${object}): ${texts}`;
  return new ApiError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: REASON_CODES.InternalError });
}

/** Whoever wrote an object that nobody is known to manage is one manager to those who apply. */
function managersBefore(def: ResourceDefinition, type: Shape, live: KubeObject, now_ms: number): ManagerEntry[] {
  const known = managersOf(live);
  if (known.length > 0) return known;
  const id: ManagerId = { manager: "before-first-apply", operation: "Update", apiVersion: groupVersion(def.group, def.version) };
  return withManager([], id, changedSet(type, {}, within(def, undefined, owned(live, undefined))), now_ms);
}

interface FieldConflict {
  path: string[];
  entry: ManagerEntry;
}

function conflictsOf(type: Shape, live: KubeObject, mine: unknown, set: FieldSet, others: ManagerEntry[]): FieldConflict[] {
  const found: FieldConflict[] = [];
  eachPath(set, (path) => {
    if (path.at(-1) === ".") return;
    for (const entry of others) {
      if (hasPath(entry.fieldsV1, path) && changes(valueAt(type, live, path), valueAt(type, mine, path))) found.push({ path, entry });
    }
  });
  return found;
}

/** Merging an empty object into one that is there (`strategy: {}` and its defaults) changes nothing. */
function changes(live: unknown, wanted: unknown): boolean {
  const mergesAway = isObject(wanted) && Object.keys(wanted).length === 0 && isObject(live);
  return !mergesAway && !jsonEqual(live, wanted);
}

function setOf(conflicts: FieldConflict[]): FieldSet {
  const set: FieldSet = {};
  for (const { path } of conflicts) addPath(set, path);
  return set;
}

function conflictError(conflicts: FieldConflict[]) {
  const many = conflicts.length > 1;
  const causes: StatusCause[] = conflicts.map(({ path, entry }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${describe(entry)}`,
    field: pathText(path),
  }));
  const byManager = new Map<string, string[]>();
  for (const { path, entry } of conflicts) byManager.set(describe(entry), [...(byManager.get(describe(entry)) ?? []), pathText(path)]);
  const texts = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([who, paths]) => `conflict${many ? "s" : ""} with ${who}:${many ? `\n- ${paths.join("\n- ")}` : ` ${paths[0]}`}`);
  return apiError("Conflict", `Apply failed with ${conflicts.length} conflict${many ? "s" : ""}: ${texts.join("\n")}`, { causes });
}

function describe(entry: ManagerEntry): string {
  const by = entry.operation === "Update" ? ` using ${entry.apiVersion}` : "";
  return `${JSON.stringify(entry.manager)}${entry.subresource ? ` with subresource ${JSON.stringify(entry.subresource)}` : ""}${by}`;
}

/** A client that sends managedFields: [{}] or [] resets them; one that leaves them out, or sends nonsense, keeps what was. */
function managersGiven(obj: KubeObject, old: KubeObject | undefined, subresource: string | undefined): ManagerEntry[] {
  const given = managersOf(obj);
  if (subresource !== undefined || obj.metadata.managedFields === undefined) return managersOf(old);
  if (given.length === 0 || (given.length === 1 && Object.keys(given[0]!).length === 0)) return [];
  return given.every(isEntry) ? given : managersOf(old);
}

/** What a write's own strategy will put back as it was (upstream's reset fields): nobody comes to own that by it. */
function isWithin(def: ResourceDefinition, subresource: string | undefined, [first, second]: readonly string[]): boolean {
  if (subresource === undefined) return first !== "f:status" || !hasStatus(def);
  if (subresource !== "status") return true;
  return first === "f:status" || (first === "f:metadata" && second !== "f:labels" && second !== "f:ownerReferences");
}

function within(def: ResourceDefinition, subresource: string | undefined, obj: Record<string, unknown>): Record<string, unknown> {
  const members = (of: object, prefix: string[]) =>
    Object.entries(of).filter(([name]) => isWithin(def, subresource, [...prefix, `f:${name}`]));
  const result = Object.fromEntries(members(obj, []));
  if (subresource === "status" && isObject(result["metadata"]))
    result["metadata"] = Object.fromEntries(members(result["metadata"], ["f:metadata"]));
  return result;
}

const hasStatus = (def: ResourceDefinition): boolean => def.subresources.some(({ style }) => style === "status");

/** Whoever writes without apply owns what it changed; what is gone, nobody owns. */
export function trackManagedFields(def: ResourceDefinition, obj: KubeObject, old: KubeObject | undefined, write: ManagedWrite): void {
  const type = shape(def);
  const after = within(def, write.subresource, owned(obj, undefined));
  const changed = changedSet(type, old === undefined ? {} : within(def, write.subresource, owned(old, undefined)), after);
  const before = managersGiven(obj, old, write.subresource);
  const id: ManagerId = {
    manager: write.manager,
    operation: "Update",
    apiVersion: groupVersion(def.group, def.version),
    ...(write.subresource ? { subresource: write.subresource } : {}),
  };
  // What nobody is known to manage stays so until somebody applies; a new object is all its sender's.
  if (before.length === 0) return writeManagers(obj, old === undefined ? withManager([], id, changed, write.now_ms) : []);
  const gone: FieldSet = {};
  if (old !== undefined) {
    for (const { fieldsV1 } of before) {
      eachPath(fieldsV1, (path) => {
        if (isWithin(def, write.subresource, path) && valueAt(type, after, path) === undefined) addPath(gone, path);
      });
    }
  }
  if (Object.keys(changed).length === 0 && Object.keys(gone).length === 0) {
    writeManagers(obj, before);
    return;
  }
  const mine = before.find((entry) => isSame(entry, id))?.fieldsV1 ?? {};
  const others = disown(
    disown(
      before.filter((entry) => !isSame(entry, id)),
      gone,
    ),
    changed,
  );
  eachPath(changed, (path) => addPath(mine, path));
  const kept = disown([{ ...id, fieldsType: "FieldsV1", fieldsV1: mine }], gone)[0]?.fieldsV1 ?? {};
  writeManagers(obj, withManager(others, id, kept, write.now_ms));
}
