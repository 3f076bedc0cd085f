/**
 * Makes a parsed JSON tree an object of a schema type, in place: wrong types are refused in the words of Go's decoder,
 * unknown fields are dropped (and named), nulls and zero values that upstream would not write are dropped, quantities
 * and times get their canonical form, and struct fields that upstream always writes are there.
 */
import { checkScalar, MISMATCH, ScalarError } from "./scalars.ts";
import { type Field, goTypeName, isSchemaUnion, JSON_SCHEMA, type StructType, structOf } from "./schema.ts";

/** `json: cannot unmarshal …`: the body can't be of this kind. */
export class DecodeError extends Error {
  override name = "DecodeError";
}

export interface ConformResult {
  /** Unknown fields in the order of the text: `spec.containers[0].foo`. */
  unknown: string[];
  /** How many members objects had in all: tells whether the text had duplicates. */
  keys: number;
}

/** As many as upstream names. */
const UNKNOWN_MAX = 100;
/** Deeper nesting is refused: no built-in type needs it, and the stack stays bounded. */
const DEPTH_MAX = 10_000;

type Tree = Record<string, unknown>;

export function conform(type: StructType, value: unknown): ConformResult {
  const walk = new Walk();
  if (!isObject(value)) throw new DecodeError(`json: cannot unmarshal ${jsonType(value, type.bare)} into Go value of type v1.${type.bare}`);
  walk.struct(type, value);
  return walk;
}

class Walk implements ConformResult {
  readonly unknown: string[] = [];
  keys = 0;
  /** Where we are: field names, map keys, and list indices as numbers. */
  readonly #path: (string | number)[] = [];
  /** The same as Go's decoder counts: fields alone. */
  readonly #fields: string[] = [];

  struct(type: StructType, tree: Tree): void {
    if (this.#path.length > DEPTH_MAX) throw new DecodeError("exceeded max depth");
    for (const key of Object.keys(tree)) {
      this.keys++;
      const field = type.fields.get(key);
      this.#path.push(key);
      if (!field) {
        this.#countKeys(tree[key]);
        if (this.unknown.length < UNKNOWN_MAX) this.unknown.push(pathText(this.#path));
        delete tree[key];
      } else {
        this.#fields.push(key);
        const value = this.#value(type, field, tree[key]);
        this.#fields.pop();
        if (value === undefined) delete tree[key];
        else tree[key] = value;
      }
      this.#path.pop();
    }
    fillAlways(type, tree);
  }

  #value(type: StructType, field: Field, value: unknown): unknown {
    if (value === null) return undefined;
    switch (field.container) {
      case "one":
        return this.#one(type, field, value);
      case "list":
        return this.#list(type, field, value);
      case "map":
      case "map-of-lists":
        return this.#map(type, field, value);
    }
  }

  #one(type: StructType, field: Field, value: unknown): unknown {
    const element = this.#element(type, field, value);
    const droppable = field.optional && !field.pointer && field.scalar !== undefined;
    return droppable && (element === "" || element === 0 || element === false) ? undefined : element;
  }

  #list(type: StructType, field: Field, value: unknown): unknown {
    if (!Array.isArray(value)) throw this.#mismatch(type, value, goTypeName(field));
    // An empty list of managers is a client's wish to forget them: apply/index.ts takes it away.
    if (value.length === 0 && field.optional && !field.pointer && field.json !== "managedFields") return undefined;
    for (let index = 0; index < value.length; index++) {
      this.#path.push(index);
      value[index] = value[index] === null ? emptyElement(field) : this.#element(type, field, value[index]);
      this.#path.pop();
    }
    return value;
  }

  #map(type: StructType, field: Field, value: unknown): unknown {
    if (!isObject(value)) throw this.#mismatch(type, value, goTypeName(field));
    const keys = Object.keys(value);
    if (keys.length === 0 && field.optional && !field.pointer) return undefined;
    this.keys += keys.length;
    for (const key of keys) {
      this.#path.push(key);
      const entry = value[key];
      if (field.container === "map-of-lists")
        value[key] = entry === null ? [] : this.#list(type, { ...field, container: "list", optional: false }, entry);
      else value[key] = entry === null ? emptyElement(field) : this.#element(type, field, entry);
      this.#path.pop();
    }
    return value;
  }

  #element(type: StructType, field: Field, value: unknown): unknown {
    if (field.ref !== undefined) {
      if (!isObject(value)) throw this.#mismatch(type, value, goTypeName(field, true));
      this.struct(structOf(field.ref), value);
      return value;
    }
    if (field.scalar === "raw" || field.scalar === "json" || field.scalar === "fields") this.#countKeys(value);
    try {
      const checked = checkScalar(field.scalar!, value);
      if (checked === MISMATCH) throw this.#mismatch(type, value, goTypeName(field, true));
      if (isSchemaUnion(field.scalar)) this.#schemas(checked);
      return checked;
    } catch (error) {
      if (error instanceof ScalarError) throw new DecodeError(error.message);
      throw error;
    }
  }

  /** The JSON schema, or schemas, of a union; its other forms have no members. */
  #schemas(value: unknown): void {
    if (isObject(value)) this.struct(structOf(JSON_SCHEMA), value);
    else if (Array.isArray(value)) for (const item of value) if (isObject(item)) this.struct(structOf(JSON_SCHEMA), item);
  }

  /** Members below what the schema does not look into. */
  #countKeys(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.#countKeys(item);
    else if (isObject(value)) {
      for (const key in value) {
        this.keys++;
        this.#countKeys(value[key]);
      }
    }
  }

  #mismatch(type: StructType, value: unknown, wanted: string): DecodeError {
    const field = `${type.bare}.${this.#fields.join(".")}`;
    return new DecodeError(`json: cannot unmarshal ${jsonType(value, wanted)} into Go struct field ${field} of type ${wanted}`);
  }
}

function emptyElement(field: Field): unknown {
  if (field.ref !== undefined) return emptyStruct(structOf(field.ref));
  if (field.scalar === "string" || field.scalar === "bytes") return "";
  if (field.scalar === "bool") return false;
  if (field.scalar === "quantity") return "0";
  return field.scalar === "raw" || field.scalar === "json" ? null : 0;
}

function fillAlways(type: StructType, tree: Tree): void {
  for (const field of type.always) if (tree[field.json] === undefined) tree[field.json] = emptyStruct(structOf(field.ref!));
}

function emptyStruct(type: StructType): Tree {
  const tree: Tree = {};
  fillAlways(type, tree);
  return tree;
}

export function isObject(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The kind of JSON value, as Go's UnmarshalTypeError names it. */
function jsonType(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return wanted.startsWith("int") && wanted !== "intstr.IntOrString" ? `number ${value}` : "number";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}

/** ["spec", "containers", 0, "foo"] → spec.containers[0].foo */
export function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const part of path) text += typeof part === "number" ? `[${part}]` : text === "" ? part : `.${part}`;
  return text;
}
