/** An applied configuration is what its sender wrote: no field more, no item twice. */
import { isObject } from "../schema/conform.ts";
import { hasMembers, itemElement, memberShape, type Shape } from "./typed.ts";

/** The decoded value without the fields that decoding has put in. */
export function onlyGiven(decoded: unknown, given: unknown): unknown {
  if (Array.isArray(decoded)) return Array.isArray(given) ? decoded.map((item, at) => onlyGiven(item, given[at])) : decoded;
  if (!isObject(decoded) || !isObject(given)) return decoded;
  const members = Object.entries(decoded).filter(([name]) => given[name] !== undefined && given[name] !== null);
  return Object.fromEntries(members.map(([name, value]) => [name, onlyGiven(value, given[name])]));
}

/** Two items of one key can't both be owned. `refuse` makes the error. */
export function checkDuplicates(shape: Shape, value: unknown, refuse: (problem: string) => Error, path = ""): void {
  if (hasMembers(shape) && isObject(value)) {
    for (const [name, inner] of Object.entries(value)) checkDuplicates(memberShape(shape, name), inner, refuse, `${path}.${name}`);
  } else if (shape.kind === "list-map" && Array.isArray(value)) {
    const seen = new Set<string>();
    for (const item of value) {
      const element = itemElement(shape, item);
      const keys = keyText(element);
      if (seen.has(element)) throw refuse(`${path}: duplicate entries for key ${keys}`);
      seen.add(element);
      checkDuplicates(shape.item, item, refuse, path + keys);
    }
  }
}

/** `k:{"name":"a"}` → `[name="a"]` */
function keyText(element: string): string {
  const keys = Object.entries(JSON.parse(element.slice(2)) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}
