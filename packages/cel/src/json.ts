/** Plain JSON as CEL values: wrapped lazily, since an expression looks at a few fields of a big object. */
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from "./time.ts";
import { type CelType, DYN } from "./types.ts";
import { Duration, ListValue, MapValue, Opaque, Optional, Timestamp, TypeValue, typeNameOf, Uint, type Value } from "./values.ts";

/** A value of its declared type. JSON numbers become int or double by the type; of dyn, whole numbers are int. */
export function fromJson(json: unknown, type: CelType = DYN): Value {
  if (json === null || json === undefined) return null;
  switch (typeof json) {
    case "string":
      return textValue(json, type);
    case "boolean":
      return json;
    case "number":
      if (type.kind === "simple" && type.name === "double") return json;
      return Number.isSafeInteger(json) ? BigInt(json) : json;
    case "bigint":
      return json;
    default:
      break;
  }
  if (isValue(json)) return json;
  if (Array.isArray(json)) {
    const typed = type.kind === "list" ? type : undefined;
    return new JsonList(json, typed?.element ?? DYN, typed?.unordered ?? false);
  }
  return new JsonMap(json as Record<string, unknown>, type);
}

function isValue(json: unknown): json is Value {
  return (
    json instanceof MapValue ||
    json instanceof ListValue ||
    json instanceof Opaque ||
    json instanceof Timestamp ||
    json instanceof Duration ||
    json instanceof Optional ||
    json instanceof Uint ||
    json instanceof TypeValue ||
    json instanceof Uint8Array
  );
}

function textValue(text: string, type: CelType): Value {
  if (type.kind !== "simple") return text;
  if (type.name === "timestamp") return parseTimestamp(text);
  if (type.name === "duration") return parseDuration(text);
  if (type.name === "bytes") return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return text;
}

export class JsonList extends ListValue {
  readonly items: readonly unknown[];
  readonly #element: CelType;
  /** x-kubernetes-list-type set or map: equal whatever the order. */
  readonly unordered: boolean;

  constructor(items: readonly unknown[], element: CelType, unordered: boolean) {
    super();
    this.items = items;
    this.#element = element;
    this.unordered = unordered;
  }
  override get size(): number {
    return this.items.length;
  }
  override at(index: number): Value {
    return fromJson(this.items[index], this.#element);
  }
}

export class JsonMap extends MapValue {
  readonly json: Record<string, unknown>;
  readonly #type: CelType;

  constructor(json: Record<string, unknown>, type: CelType) {
    super();
    this.json = json;
    this.#type = type;
  }
  override get size(): number {
    return Object.keys(this.json).length;
  }
  override get(key: Value): Value | undefined {
    if (typeof key !== "string") return undefined;
    const type = this.#type;
    if (type.kind === "object") {
      const field = type.field(key);
      if (!field) return Object.hasOwn(this.json, key) ? fromJson(this.json[key]) : undefined;
      const json = Object.hasOwn(this.json, field.json) ? this.json[field.json] : field.absent;
      return json === undefined ? undefined : fromJson(json, field.type);
    }
    if (!Object.hasOwn(this.json, key) || this.json[key] === undefined) return undefined;
    return fromJson(this.json[key], type.kind === "map" ? type.value : DYN);
  }
  override keys(): Iterable<Value> {
    return Object.keys(this.json);
  }
}

/** An object whose fields are worked out when first read: variables of an admission policy. */
export class LazyObject extends MapValue {
  readonly #fields: ReadonlyMap<string, () => Value>;
  readonly #known = new Map<string, Value>();

  constructor(fields: ReadonlyMap<string, () => Value>) {
    super();
    this.#fields = fields;
  }
  override get size(): number {
    return this.#fields.size;
  }
  override get(key: Value): Value | undefined {
    if (typeof key !== "string") return undefined;
    let value = this.#known.get(key);
    const make = this.#fields.get(key);
    if (value === undefined && make) this.#known.set(key, (value = make()));
    return value;
  }
  override keys(): Iterable<Value> {
    return this.#fields.keys();
  }
}

/** Back to JSON: ints beyond 2^53 lose their last digits, as in any JSON number here. Opaque values become text. */
export function toJson(value: Value): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Uint8Array) return btoa(String.fromCharCode(...value));
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value);
  if (value instanceof JsonList) return value.items;
  if (value instanceof ListValue) return Array.from(value, toJson);
  if (value instanceof JsonMap) return value.json;
  if (value instanceof MapValue)
    return Object.fromEntries(Array.from(value.keys(), (key) => [String(toJson(key)), toJson(value.get(key)!)]));
  return typeNameOf(value);
}
