/**
 * Strategic merge patch (community: strategic-merge-patch.md): objects merge by key, lists merge by
 * the schema's merge key or as sets, and directives ($patch, $setElementOrder, $retainKeys,
 * $deleteFromPrimitiveList) say the rest.
 */
import { jsonEqual, setMember } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import { type Field, findStruct, type StructType } from "../schema/schema.ts";
import { apiError } from "../status.ts";
import { goFormat } from "./go-format.ts";

type Obj = Record<string, unknown>;
const ORDER = "$setElementOrder/";
const DELETE_PRIMITIVES = "$deleteFromPrimitiveList/";
const RETAIN = "$retainKeys";
const DIRECTIVE = "$patch";

/** `type` undefined: below a free-form field, where lists are replaced. Returns a new object. */
export function applyStrategicPatch(type: StructType | undefined, live: Obj, patch: Obj): Obj {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined) throw apiError("BadRequest", `unknown patch type: ${directive} in map: ${goFormat(patch)}`);
  const result: Obj = { ...live };
  retainKeys(result, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_PRIMITIVES)) deletePrimitives(result, key.slice(DELETE_PRIMITIVES.length), value);
    else mergeMember(type, result, key, value, patch[ORDER + key]);
  }
  for (const key of Object.keys(patch)) {
    const name = key.startsWith(ORDER) ? key.slice(ORDER.length) : undefined;
    if (name !== undefined && patch[name] === undefined && Array.isArray(result[name])) {
      result[name] = inOrder(result[name], orderOf(patch[key]), result[name], type?.fields.get(name)?.patchMergeKey);
    }
  }
  return result;
}

function mergeMember(type: StructType | undefined, result: Obj, key: string, value: unknown, order: unknown): void {
  if (value === null) {
    delete result[key];
    return;
  }
  const field = type?.fields.get(key);
  const live = result[key];
  if (isObject(value)) {
    const inner = field?.container === "one" && field.ref !== undefined ? findStruct(field.ref) : undefined;
    const replaces = field?.patchStrategies.includes("replace") === true;
    const merged = replaces || !isObject(live) ? applyStrategicPatch(inner, {}, value) : applyStrategicPatch(inner, live, value);
    if (value[DIRECTIVE] === "delete") delete result[key];
    else setMember(result, key, merged);
  } else if (Array.isArray(value) && field?.patchStrategies.includes("merge")) {
    result[key] = mergeList(field, Array.isArray(live) ? live : [], value, order);
  } else setMember(result, key, value);
}

function mergeList(field: Field, live: unknown[], patch: unknown[], order: unknown): unknown[] {
  const mergeKey = field.patchMergeKey;
  if (mergeKey === undefined || field.ref === undefined) {
    const added = patch.filter((item) => !live.some((other) => jsonEqual(item, other)));
    return inOrder([...live, ...added], checkedOrder(patch, order, undefined), live, undefined);
  }
  const items = patch.map((item) => {
    if (!isObject(item)) throw apiError("BadRequest", `map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
    return item;
  });
  const replaces = items.some((item) => item[DIRECTIVE] === "replace");
  if (replaces) return items.filter((item) => item[DIRECTIVE] !== "replace").map(withoutDirectives);
  let result = [...live] as Obj[];
  const type = findStruct(field.ref);
  const named: Obj[] = [];
  for (const item of items) {
    const id = item[mergeKey];
    if (id === undefined) throw apiError("BadRequest", `map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
    if (item[DIRECTIVE] === "delete") {
      result = result.filter((other) => !jsonEqual(other[mergeKey], id));
      continue;
    }
    named.push(item);
    const at = result.findIndex((other) => isObject(other) && jsonEqual(other[mergeKey], id));
    if (at >= 0) result[at] = applyStrategicPatch(type, result[at]!, item);
    else result.push(applyStrategicPatch(type, {}, item));
  }
  return inOrder(result, checkedOrder(named, order, mergeKey), live, mergeKey);
}

const idOf = (item: unknown, mergeKey: string | undefined) => (mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);

const indexIn = (list: readonly unknown[], item: unknown, mergeKey: string | undefined): number =>
  list.findIndex((each) => jsonEqual(idOf(each, mergeKey), idOf(item, mergeKey)));

function orderOf(order: unknown): unknown[] {
  if (!Array.isArray(order)) throw apiError("BadRequest", `the value of ${ORDER} must be a list`);
  return order;
}

/** The order that the patch asks for: its $setElementOrder, which has to name all its items in their order, or its own. */
function checkedOrder(items: readonly unknown[], order: unknown, mergeKey: string | undefined): readonly unknown[] {
  if (order === undefined) return items;
  const wanted = orderOf(order);
  const ranks = items.map((item) => indexIn(wanted, item, mergeKey));
  if (ranks.every((rank, at) => rank >= 0 && (at === 0 || ranks[at - 1]! <= rank))) return wanted;
  const lists = `The order in patch list:\n${goFormat(items)}\n doesn't match $setElementOrder list:\n${goFormat(wanted)}\n`;
  throw apiError("BadRequest", lists);
}

/**
 * What the patch orders, in its order; among it, what only the server has, each before the next that stood after it there.
 * Whatever is new to the server comes as early as that allows: upstream's mergeSortedSlice.
 */
function inOrder(merged: readonly unknown[], order: readonly unknown[], live: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const rank = (item: unknown) => indexIn(order, item, mergeKey);
  const ordered = merged.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const others = merged.filter((item) => rank(item) < 0);
  const result: unknown[] = [];
  while (ordered.length > 0 && others.length > 0) {
    const [left, right] = [indexIn(live, others[0], mergeKey), indexIn(live, ordered[0], mergeKey)];
    result.push(left >= 0 && right >= 0 && left < right ? others.shift() : ordered.shift());
  }
  return [...result, ...ordered, ...others];
}

/** $retainKeys: what it does not name goes away (used with the patch strategy retainKeys). */
function retainKeys(result: Obj, patch: Obj): void {
  const keep = patch[RETAIN];
  if (keep === undefined) return;
  if (!Array.isArray(keep)) throw apiError("BadRequest", "invalid patch format of retainKeys: the value must be a list");
  if (Object.keys(patch).some((key) => !key.startsWith("$") && !keep.includes(key)))
    throw apiError("BadRequest", "invalid patch format of retainKeys: the patch has fields that the list does not name");
  for (const key of Object.keys(result)) if (!keep.includes(key)) delete result[key];
}

function deletePrimitives(result: Obj, key: string, values: unknown): void {
  const live = result[key];
  if (!Array.isArray(live) || !Array.isArray(values)) return;
  result[key] = live.filter((item) => !values.some((value) => jsonEqual(item, value)));
}

function withoutDirectives(value: Obj): Obj {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith("$")));
}
