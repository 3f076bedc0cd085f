/** Objects as their schema sees them for server-side apply: which fields are one value, which are made of parts. */
import { jsonEqual } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import { type Field, findStruct, type StructType, structOf } from "../schema/schema.ts";
import type { FieldSet } from "./field-set.ts";

export type Shape =
  | { kind: "atomic" }
  | { kind: "struct"; type: StructType }
  /** A custom resource's object: its structural schema knows the members. */
  | { kind: "custom"; member(name: string): Shape }
  | { kind: "map"; item: Shape }
  | { kind: "set" }
  | { kind: "list-map"; item: Shape; keys: readonly string[]; defaultOf(key: string): unknown };

const ATOMIC: Shape = { kind: "atomic" };

const structShape = (type: StructType): Shape => (type.atomic ? ATOMIC : { kind: "struct", type });

export function shapeOf(field: Field | undefined): Shape {
  if (!field || field.structType === "atomic") return ATOMIC;
  const type = field.ref === undefined ? undefined : findStruct(field.ref);
  switch (field.container) {
    case "map":
      return { kind: "map", item: type ? structShape(type) : ATOMIC };
    case "list":
      if (field.listType === "set") return { kind: "set" };
      return field.listType === "map" && type ? listMap(type, field.listMapKeys) : ATOMIC;
    case "one":
      return type ? structShape(type) : ATOMIC;
    default:
      return ATOMIC;
  }
}

const listMap = (type: StructType, keys: readonly string[]): Shape => ({
  kind: "list-map",
  item: structShape(type),
  keys,
  defaultOf: (key) => type.fields.get(key)?.defaultValue,
});

/** Every object's metadata, custom ones too. */
export const metadataShape = (): Shape => ({ kind: "struct", type: structOf("meta/v1.ObjectMeta") });

type Divided = Shape & { kind: "struct" | "map" | "custom" };
export const hasMembers = (shape: Shape): shape is Divided => shape.kind === "struct" || shape.kind === "map" || shape.kind === "custom";

export function memberShape(shape: Shape, name: string): Shape {
  if (shape.kind === "struct") return shapeOf(shape.type.fields.get(name));
  if (shape.kind === "custom") return shape.member(name);
  return shape.kind === "map" ? shape.item : ATOMIC;
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: keys in order of name, defaults filled in. */
export function itemElement(shape: Shape & { kind: "list-map" }, item: unknown): string {
  const keys: Record<string, unknown> = {};
  for (const key of [...shape.keys].sort()) {
    const value = isObject(item) ? (item[key] ?? shape.defaultOf(key)) : undefined;
    if (value !== undefined) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

export const setElement = (item: unknown): string => `v:${JSON.stringify(item)}`;

/** All paths of a value, as whoever applies it owns them. */
export function fieldSetOf(shape: Shape, value: unknown): FieldSet {
  const set: FieldSet = {};
  if (hasMembers(shape) && isObject(value)) {
    for (const [name, inner] of Object.entries(value)) set[`f:${name}`] = fieldSetOf(memberShape(shape, name), inner);
  } else if (shape.kind === "set" && Array.isArray(value)) {
    for (const item of value) set[setElement(item)] = {};
  } else if (shape.kind === "list-map" && Array.isArray(value)) {
    for (const item of value)
      set[itemElement(shape, item)] = shape.item.kind === "atomic" ? {} : { ".": {}, ...fieldSetOf(shape.item, item) };
  }
  return set;
}

/**
 * Paths whose values differ from `before`: what an update made its own. What is new counts with everything that holds it
 * ("."); structs and lists that Go writes even when they are empty were there before.
 */
export function changedSet(shape: Shape, before: unknown, after: unknown): FieldSet {
  if (jsonEqual(before, after)) return {};
  const set: FieldSet = {};
  const keep = (element: string, inner: Shape, a: unknown, b: unknown): void => {
    if (b === undefined || jsonEqual(a, b)) return;
    const changed = a === undefined ? newSet(inner, b) : changedSet(inner, a, b);
    if (a === undefined || !isDivided(inner, b) || Object.keys(changed).length > 0) set[element] = changed;
  };
  if (hasMembers(shape) && isObject(after)) {
    const old = isObject(before) ? before : {};
    for (const [name, value] of Object.entries(after)) {
      keep(`f:${name}`, memberShape(shape, name), old[name] ?? everPresent(shape, name), value);
    }
  } else if (shape.kind === "set" && Array.isArray(after)) {
    for (const item of after) if (!Array.isArray(before) || !before.some((other) => jsonEqual(other, item))) set[setElement(item)] = {};
  } else if (shape.kind === "list-map" && Array.isArray(after)) {
    const old = new Map((Array.isArray(before) ? before : []).map((item) => [itemElement(shape, item), item]));
    for (const item of after) keep(itemElement(shape, item), shape.item, old.get(itemElement(shape, item)), item);
  }
  return set;
}

/** What Go writes for a member that nobody has set; undefined: nothing (a pointer, or omitempty). */
function everPresent(shape: Shape, name: string): unknown {
  if (shape.kind === "custom") return name === "metadata" ? {} : undefined;
  const field = shape.kind === "struct" ? shape.type.fields.get(name) : undefined;
  if (!field || field.pointer) return undefined;
  if (field.container === "one") return field.ref === undefined ? undefined : {};
  return field.optional ? undefined : null;
}

/** All of a new value: its parts, and itself where it has parts. */
function newSet(shape: Shape, value: unknown): FieldSet {
  const set: FieldSet = {};
  if (hasMembers(shape) && isObject(value)) {
    for (const [name, inner] of Object.entries(value)) set[`f:${name}`] = newSet(memberShape(shape, name), inner);
  } else if (shape.kind === "set" && Array.isArray(value)) {
    for (const item of value) set[setElement(item)] = {};
  } else if (shape.kind === "list-map" && Array.isArray(value)) {
    for (const item of value) set[itemElement(shape, item)] = newSet(shape.item, item);
  }
  return Object.keys(set).length > 0 ? { ".": {}, ...set } : set;
}

function isDivided(shape: Shape, value: unknown): boolean {
  if (shape.kind === "custom") return isObject(value);
  return shape.kind === "atomic" ? false : Array.isArray(value) || isObject(value);
}

/** The value at a path; undefined where there is none. */
export function valueAt(shape: Shape, value: unknown, path: readonly string[]): unknown {
  const [element, ...rest] = path;
  if (element === undefined || element === ".") return value;
  if (element.startsWith("f:")) {
    const name = element.slice(2);
    return isObject(value) ? valueAt(memberShape(shape, name), value[name], rest) : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (element.startsWith("v:")) return value.find((item) => setElement(item) === element);
  if (shape.kind !== "list-map") return undefined;
  const item = value.find((each) => itemElement(shape, each) === element);
  return item === undefined ? undefined : valueAt(shape.item, item, rest);
}
