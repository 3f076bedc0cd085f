/** Types as the checker sees them. `size_max` bounds what cost estimates count on (cost/estimate.ts): characters, bytes, items, entries. */

export type CelType =
  | { kind: "simple"; name: SimpleName; size_max?: number }
  | { kind: "list"; element: CelType; unordered?: boolean; size_max?: number }
  | { kind: "map"; key: CelType; value: CelType; size_max?: number }
  | ObjectType
  | { kind: "optional"; value: CelType }
  /** A library's own: Quantity, URL, … */
  | { kind: "opaque"; name: string }
  /** A type's variable in a signature: A, B. */
  | { kind: "param"; name: string };

type SimpleName = "dyn" | "bool" | "int" | "uint" | "double" | "string" | "bytes" | "null_type" | "timestamp" | "duration" | "type";

export interface ObjectType {
  kind: "object";
  name: string;
  /** By the name that expressions use; resolved when first asked for, since types may contain themselves. */
  field(name: string): FieldType | undefined;
}

export interface FieldType {
  type: CelType;
  /** The member of the JSON object. */
  json: string;
  /** What an absent member stands for (schema defaults are applied before; this is for built-in types). */
  absent?: unknown;
}

type Simple = Extract<CelType, { kind: "simple" }>;
/** Types whose values come in sizes. */
type Sized = Extract<CelType, { size_max?: number }>;
const simple = (name: SimpleName): Simple => ({ kind: "simple", name });

export const DYN = simple("dyn");
export const BOOL = simple("bool");
export const INT = simple("int");
export const UINT = simple("uint");
export const DOUBLE = simple("double");
export const STRING = simple("string");
export const BYTES = simple("bytes");
export const NULL = simple("null_type");
export const TIMESTAMP = simple("timestamp");
export const DURATION = simple("duration");
export const TYPE = simple("type");

export const listOf = (element: CelType, unordered = false): Sized => ({ kind: "list", element, ...(unordered ? { unordered } : {}) });
export const mapOf = (key: CelType, value: CelType): Sized => ({ kind: "map", key, value });
/** The same type with a bound on its values' size. */
export const atMost = <T extends Sized>(type: T, size_max: number): T => ({ ...type, size_max });
export const optionalOf = (value: CelType): CelType => ({ kind: "optional", value });
export const opaque = (name: string): CelType => ({ kind: "opaque", name });

/** An object type of fixed fields whose JSON members have the same names. */
export function objectType(name: string, fields: Record<string, CelType>): ObjectType {
  return {
    kind: "object",
    name,
    field: (field) => (Object.hasOwn(fields, field) ? { type: fields[field]!, json: field } : undefined),
  };
}

export const isDyn = (type: CelType): boolean => type.kind === "simple" && type.name === "dyn";

export function typeText(type: CelType): string {
  switch (type.kind) {
    case "simple":
      if (type.name === "null_type") return "null";
      return type.name === "timestamp" || type.name === "duration"
        ? `google.protobuf.${type.name === "timestamp" ? "Timestamp" : "Duration"}`
        : type.name;
    case "list":
      return `list(${typeText(type.element)})`;
    case "map":
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case "optional":
      return `optional_type(${typeText(type.value)})`;
    default:
      return type.name;
  }
}

/** Bindings of a signature's type variables. */
export type Bindings = Map<string, CelType>;

/** Whether a value of type `given` may stand where `wanted` is; binds variables of `wanted`. dyn goes everywhere. */
export function assignable(wanted: CelType, given: CelType, bindings: Bindings): boolean {
  if (isDyn(wanted) || isDyn(given)) return true;
  if (wanted.kind === "param") {
    const bound = bindings.get(wanted.name);
    if (bound === undefined || isOpen(bound)) {
      bindings.set(wanted.name, given);
      return bound === undefined || assignable(bound, given, bindings);
    }
    return assignable(bound, given, bindings);
  }
  if (isNull(given)) return isNull(wanted) || !SCALARS.has(nameOf(wanted));
  if (isNull(wanted)) return !SCALARS.has(nameOf(given));
  if (wanted.kind !== given.kind) {
    // An object is a map to those who look at it without its schema.
    return wanted.kind === "map" && given.kind === "object" && isDyn(wanted.value);
  }
  switch (wanted.kind) {
    case "list":
      return assignable(wanted.element, (given as typeof wanted).element, bindings);
    case "optional":
      return assignable(wanted.value, (given as typeof wanted).value, bindings);
    case "map":
      return (
        assignable(wanted.key, (given as typeof wanted).key, bindings) && assignable(wanted.value, (given as typeof wanted).value, bindings)
      );
    default:
      return wanted.name === (given as typeof wanted).name;
  }
}

/** Says nothing yet: dyn, or a container of it (the type of []). */
function isOpen(type: CelType): boolean {
  if (type.kind === "list") return isOpen(type.element);
  if (type.kind === "map") return isOpen(type.value);
  return isDyn(type) || (type.kind === "optional" && isOpen(type.value));
}

const SCALARS = new Set<string>(["bool", "int", "uint", "double", "string", "bytes", "type", "list", "map"]);
const nameOf = (type: CelType): string => ("name" in type ? type.name : type.kind);
const isNull = (type: CelType): boolean => type.kind === "simple" && type.name === "null_type";

export function substitute(type: CelType, bindings: Bindings): CelType {
  switch (type.kind) {
    case "param":
      return bindings.get(type.name) ?? DYN;
    case "list":
      return listOf(substitute(type.element, bindings));
    case "map":
      return mapOf(substitute(type.key, bindings), substitute(type.value, bindings));
    case "optional":
      return optionalOf(substitute(type.value, bindings));
    default:
      return type;
  }
}
