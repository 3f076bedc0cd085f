/**
 * The built-in types, as generated from the facts: field names, protobuf numbers, merge keys, list types.
 * Types are compiled when first asked for, so that a process pays only for what it touches.
 */
import { assert } from "@flotilla/base";
import { ATOMIC_TYPES } from "./atomic.ts";
import { PACKAGES } from "./gen/index.ts";

export type Scalar =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "float64"
  | "bytes"
  | "quantity"
  | "intstr"
  | "time"
  | "microtime"
  | "duration"
  /** Any JSON: runtime.RawExtension. */
  | "raw"
  /** apiextensions JSON: any JSON; null only within a list. */
  | "json"
  /** metav1.FieldsV1. */
  | "fields"
  /** A JSON schema, or a list of them, a boolean, a list of strings (apiextensions JSONSchemaPropsOr…). */
  | SchemaUnion;

export type SchemaUnion = "schemaOrArray" | "schemaOrBool" | "schemaOrStrings";

/** The struct in every SchemaUnion. */
export const JSON_SCHEMA = "apiextensions/v1.JSONSchemaProps";

export const isSchemaUnion = (scalar: Scalar | undefined): scalar is SchemaUnion => scalar?.startsWith("schemaOr") ?? false;

export type Container = "one" | "list" | "map" | "map-of-lists";

export interface Field {
  readonly json: string;
  readonly container: Container;
  readonly scalar: Scalar | undefined;
  /** Full name of the struct, where it is one: "core/v1.PodSpec". */
  readonly ref: string | undefined;
  readonly proto: number;
  /** Not part of the JSON (`inline`): its fields stand in the parent; in protobuf it is a message of its own. */
  readonly inline: boolean;
  /** omitempty: the zero value is not written, unless it is a pointer. */
  readonly optional: boolean;
  readonly pointer: boolean;
  /** Named type ("core/v1.Protocol"): its name in messages, its enum values in OpenAPI. */
  readonly alias: string | undefined;
  /** A list that is a message of its own in protobuf: {items = 1}. */
  readonly listMessage: boolean;
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey: string | undefined;
  /** For server-side apply. Default for lists: atomic; for structs and maps: granular. */
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly listMapKeys: readonly string[];
  readonly structType: "atomic" | "granular" | undefined;
  readonly defaultValue: unknown;
}

export interface StructType {
  /** "core/v1.PodSpec" */
  readonly name: string;
  /** "PodSpec" */
  readonly bare: string;
  /** JSON name → field; inlined structs are flattened. */
  readonly fields: ReadonlyMap<string, Field>;
  /** As declared, with inlined structs as one field: the protobuf layout. */
  readonly own: readonly Field[];
  /** Struct fields that are always present in JSON, if only as {}. */
  readonly always: readonly Field[];
  /** For server-side apply: one value, not made of parts. */
  readonly atomic: boolean;
}

interface Extra {
  in?: 1;
  o?: 1;
  p?: 1;
  m?: 1;
  a?: string;
  ps?: string;
  pk?: string;
  lt?: "atomic" | "set" | "map";
  lk?: string[];
  st?: "atomic" | "granular";
  d?: unknown;
}
type Raw = [json: string, type: string, proto: number, extra?: Extra];
interface Package {
  types: Record<string, Raw[]>;
  enums: Record<string, string[]>;
}

const packages = new Map<string, Package>();
const compiled = new Map<string, StructType>();

function loadPackage(name: string): Package | undefined {
  let found = packages.get(name);
  if (found === undefined && Object.hasOwn(PACKAGES, name)) {
    found = JSON.parse(PACKAGES[name]!) as Package;
    packages.set(name, found);
  }
  return found;
}

function split(full: string): { home: string; bare: string } {
  const dot = full.lastIndexOf(".");
  return { home: full.slice(0, dot), bare: full.slice(dot + 1) };
}

export function findStruct(full: string): StructType | undefined {
  const present = compiled.get(full);
  if (present) return present;
  const { home, bare } = split(full);
  const types = loadPackage(home)?.types;
  // Names come from clients: "constructor" is no type.
  const raw = types && Object.hasOwn(types, bare) ? types[bare] : undefined;
  if (!raw) return undefined;
  const type = build(full, bare, raw.map(toField));
  compiled.set(full, type);
  return type;
}

/** The struct of this full name, which must exist. */
export function structOf(full: string): StructType {
  const type = findStruct(full);
  assert(type, `no type ${full} in the schema`);
  return type;
}

/** Known values of a named string type, empty when it is open. */
export function enumValues(alias: string): readonly string[] {
  const { home, bare } = split(alias);
  return loadPackage(home)?.enums[bare] ?? [];
}

function toField([json, type, proto, extra = {}]: Raw): Field {
  const map = type.startsWith("{}");
  const rest = map ? type.slice(2) : type;
  const list = rest.startsWith("[]");
  const base = list ? rest.slice(2) : rest;
  const isStruct = base.includes(".");
  return {
    json,
    container: map ? (list ? "map-of-lists" : "map") : list ? "list" : "one",
    scalar: isStruct ? undefined : (base as Scalar),
    ref: isStruct ? base : undefined,
    proto,
    inline: extra.in === 1,
    optional: extra.o === 1,
    pointer: extra.p === 1,
    alias: extra.a,
    listMessage: extra.m === 1,
    patchStrategies: extra.ps?.split(",") ?? [],
    patchMergeKey: extra.pk,
    listType: extra.lt,
    listMapKeys: extra.lk ?? [],
    structType: extra.st,
    defaultValue: defaultOf(extra.d),
  };
}

/** Defaults are noted as JSON; "ref(Constant)" stands for one that only the defaulting code knows. */
function defaultOf(text: unknown): unknown {
  if (typeof text !== "string" || text.startsWith("ref(")) return undefined;
  return JSON.parse(text);
}

function build(name: string, bare: string, own: Field[]): StructType {
  const fields = new Map<string, Field>();
  for (const field of own) {
    if (!field.inline) fields.set(field.json, field);
    else for (const inner of structOf(field.ref!).fields.values()) fields.set(inner.json, inner);
  }
  const always = [...fields.values()].filter((field) => field.ref !== undefined && field.container === "one" && !field.pointer);
  return { name, bare, fields, own, always, atomic: ATOMIC_TYPES.has(name) };
}

/** The Go type as upstream's messages name it: "v1.PodSpec", "[]v1.Container", "map[string]string", "int32". */
export function goTypeName(field: Field, inner = false): string {
  const element = goElementName(field);
  if (inner || field.container === "one") return element;
  if (field.alias !== undefined && field.container !== "list" && field.scalar === "quantity") return shortName(field.alias);
  if (field.container === "list") return field.listMessage ? shortName(field.alias!) : `[]${element}`;
  return `map[string]${element}`;
}

const GO_NAMES: Partial<Record<Scalar, string>> = {
  bytes: "[]uint8",
  quantity: "resource.Quantity",
  intstr: "intstr.IntOrString",
  time: "v1.Time",
  microtime: "v1.MicroTime",
  duration: "v1.Duration",
  raw: "runtime.RawExtension",
  json: "v1.JSON",
  fields: "v1.FieldsV1",
  schemaOrArray: "v1.JSONSchemaPropsOrArray",
  schemaOrBool: "v1.JSONSchemaPropsOrBool",
  schemaOrStrings: "v1.JSONSchemaPropsOrStringArray",
};

function goElementName(field: Field): string {
  if (field.ref !== undefined) return shortName(field.ref);
  if (field.scalar === "string" && field.alias !== undefined) return shortName(field.alias);
  return GO_NAMES[field.scalar!] ?? field.scalar!;
}

/** "core/v1.PodSpec" → "v1.PodSpec" */
export function shortName(full: string): string {
  return full.slice(full.indexOf("/") + 1);
}
