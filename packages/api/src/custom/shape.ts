/** Structural schemas as server-side apply sees them. */
import type { Shape } from "../apply/typed.ts";
import { metadataShape } from "../apply/typed.ts";
import type { Structural } from "./structural.ts";

const ATOMIC: Shape = { kind: "atomic" };
/** What no schema describes is merged as untyped JSON is: objects by member, lists whole. */
const UNTYPED: Shape = { kind: "custom", member: () => UNTYPED };

/** `root`: the object itself, whose metadata is every object's. */
export function customShape(schema: Structural, root = true): Shape {
  if (schema.mapType === "atomic") return ATOMIC;
  if (schema.type === "array") {
    if (schema.listType === "set") return { kind: "set" };
    if (schema.listType !== "map" || !schema.items) return ATOMIC;
    const item = customShape(schema.items, false);
    const { properties } = schema.items;
    return { kind: "list-map", item, keys: schema.mapKeys, defaultOf: (key) => properties.get(key)?.defaultValue };
  }
  if (schema.type !== "object" && !schema.preserve) return ATOMIC;
  const members = new Map<string, Shape>();
  return {
    kind: "custom",
    member(name) {
      let shape = members.get(name);
      if (!shape) members.set(name, (shape = memberShapeOf(schema, name, root)));
      return shape;
    },
  };
}

function memberShapeOf(schema: Structural, name: string, root: boolean): Shape {
  if (name === "metadata" && (root || schema.embedded)) return metadataShape();
  const property = schema.properties.get(name);
  if (property) return customShape(property, false);
  return typeof schema.additional === "object" ? customShape(schema.additional, false) : UNTYPED;
}
