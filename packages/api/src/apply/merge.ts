/** Merging an applied configuration into the live object, and taking out what its manager no longer wants. */
import { cloneJson, jsonEqual, setMember } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import { hasMembers, itemElement, memberShape, type Shape, setElement } from "./typed.ts";

/** A new value; neither argument changes. Items of list maps come in the live order, new ones after them. */
export function mergeApplied(shape: Shape, live: unknown, applied: unknown): unknown {
  if (live === undefined || shape.kind === "atomic") return cloneJson(applied);
  if (hasMembers(shape) && isObject(live) && isObject(applied)) {
    const result: Record<string, unknown> = { ...live };
    for (const [name, value] of Object.entries(applied)) {
      setMember(result, name, mergeApplied(memberShape(shape, name), live[name], value));
    }
    return result;
  }
  if (shape.kind === "set" && Array.isArray(live) && Array.isArray(applied)) {
    return [...live, ...applied.filter((item) => !live.some((other) => jsonEqual(item, other)))];
  }
  if (shape.kind === "list-map" && Array.isArray(live) && Array.isArray(applied)) {
    const wanted = new Map(applied.map((item) => [itemElement(shape, item), item]));
    const merged = live.map((item) => {
      const element = itemElement(shape, item);
      const mine = wanted.get(element);
      wanted.delete(element);
      return mine === undefined ? item : mergeApplied(shape.item, item, mine);
    });
    return [...merged, ...wanted.values()];
  }
  return cloneJson(applied);
}

/** The value without what lies at `path`; objects and lists that this empties go too. */
export function withoutPath(shape: Shape, value: unknown, path: readonly string[]): unknown {
  const [element, ...rest] = path;
  if (element === undefined || element === ".") return undefined;
  if (element.startsWith("f:") && isObject(value)) {
    const name = element.slice(2);
    if (value[name] === undefined) return value;
    const inner = rest.length === 0 ? undefined : withoutPath(memberShape(shape, name), value[name], rest);
    const { [name]: _, ...others } = value;
    if (inner !== undefined) return { ...value, [name]: inner };
    return Object.keys(others).length > 0 ? others : undefined;
  }
  if (!Array.isArray(value)) return value;
  const items = element.startsWith("v:") ? value.filter((item) => setElement(item) !== element) : withoutItem(shape, value, element, rest);
  return items.length > 0 ? items : undefined;
}

function withoutItem(shape: Shape, items: unknown[], element: string, rest: readonly string[]): unknown[] {
  if (shape.kind !== "list-map") return items;
  return items.flatMap((item) => {
    if (itemElement(shape, item) !== element) return [item];
    const left = withoutPath(shape.item, item, rest);
    return left === undefined ? [] : [left];
  });
}
