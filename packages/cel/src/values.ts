/**
 * Values at run time. int is bigint, double is number, the rest as one would think. JSON that comes in is wrapped
 * (json.ts) and made values of its declared types only where an expression looks.
 */
import { EvaluationError } from "./errors.ts";

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | ListValue
  | MapValue
  | Opaque;

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export class Timestamp {
  /** Nanoseconds since 1970-01-01 UTC. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    if (nanos < -62_135_596_800_000_000_000n || nanos > 253_402_300_799_999_999_999n) throw new EvaluationError("timestamp overflow");
    this.nanos = nanos;
  }
}

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    if (nanos < -(2n ** 63n) || nanos >= 2n ** 63n) throw new EvaluationError("duration overflow");
    this.nanos = nanos;
  }
}

export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** What type() yields. */
export class TypeValue {
  readonly type: string;
  constructor(type: string) {
    this.type = type;
  }
}

/** Values that libraries bring: quantities, URLs, addresses, an authorizer. */
export abstract class Opaque {
  abstract readonly typeName: string;
  abstract equals(other: Opaque): boolean;
}

export abstract class ListValue {
  abstract readonly size: number;
  /** 0 <= index < size. */
  abstract at(index: number): Value;

  *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }
}

export class ArrayList extends ListValue {
  readonly values: readonly Value[];
  constructor(values: readonly Value[]) {
    super();
    this.values = values;
  }
  override get size(): number {
    return this.values.length;
  }
  override at(index: number): Value {
    return this.values[index]!;
  }
}

/** A literal whose elements are all constants. */
export class ConstantList extends ArrayList {
  #texts: ReadonlySet<string> | undefined;

  hasText(text: string): boolean {
    this.#texts ??= new Set(this.values.filter((value) => typeof value === "string"));
    return this.#texts.has(text);
  }
}

export abstract class MapValue {
  abstract readonly size: number;
  /** undefined: there is no such key. */
  abstract get(key: Value): Value | undefined;
  abstract keys(): Iterable<Value>;
}

export class EntryMap extends MapValue {
  readonly #entries = new Map<string, { key: Value; value: Value }>();

  /** @throws EvaluationError when the key is there or is of a type that is no key. */
  add(key: Value, value: Value): void {
    const name = keyName(key);
    if (name === undefined || typeof key === "number") throw new EvaluationError(`unsupported key type: ${typeNameOf(key)}`);
    if (this.#entries.has(name)) throw new EvaluationError(`insert failed: key ${String(key)} already exists`);
    this.#entries.set(name, { key, value });
  }
  override get size(): number {
    return this.#entries.size;
  }
  override get(key: Value): Value | undefined {
    const name = keyName(key);
    return name === undefined ? undefined : this.#entries.get(name)?.value;
  }
  override *keys(): Iterable<Value> {
    for (const { key } of this.#entries.values()) yield key;
  }
}

/** Keys that are equal have one name: 1, 1u and 1.0 are the same key. */
function keyName(key: Value): string | undefined {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "boolean") return key ? "t" : "f";
  if (typeof key === "bigint") return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === "number" && Number.isInteger(key)) return `n${BigInt(key)}`;
  return undefined;
}

/** The type as CEL names it. */
export function typeNameOf(value: Value): string {
  if (value === null) return "null_type";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "double";
  if (typeof value === "string") return "string";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Uint) return "uint";
  if (value instanceof ListValue) return "list";
  if (value instanceof MapValue) return "map";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof Optional) return "optional_type";
  if (value instanceof TypeValue) return "type";
  return value.typeName;
}
