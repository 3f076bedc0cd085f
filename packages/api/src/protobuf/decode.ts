/**
 * Protobuf messages of the built-in types, read by the schema (generated.proto of kubernetes/api). Zero values stand
 * explicitly on the wire and become "unset" where JSON would leave them out; inlined structs are nested messages.
 */
import { parseJson } from "../decode/json.ts";
import { formatMicroTime, formatTime } from "../duration.ts";
import { DecodeError } from "../schema/conform.ts";
import { type Field, type StructType, structOf } from "../schema/schema.ts";
import { toBase64 } from "./base64.ts";
import { formatGoDuration } from "./go-duration.ts";
import { ProtoReader } from "./reader.ts";
import { decodeSchemaUnion } from "./schema-union.ts";

type Tree = Record<string, unknown>;
const DEPTH_MAX = 200;
/** Seconds of Go's zero time, year 1. */
const ZERO_TIME_SECONDS = -62135596800;

export function decodeMessage(type: StructType, bytes: Uint8Array, depth = 0): Tree {
  if (depth > DEPTH_MAX) throw new DecodeError("proto: exceeded max depth");
  const byNumber = fieldsByNumber(type);
  const reader = new ProtoReader(bytes);
  const tree: Tree = {};
  while (!reader.done) {
    const { field: number, wire } = reader.tag();
    const field = byNumber.get(number);
    if (!field) reader.skip(wire);
    else readField(tree, field, reader, wire, depth);
  }
  return tree;
}

const numberIndexes = new WeakMap<StructType, Map<number, Field>>();

function fieldsByNumber(type: StructType): Map<number, Field> {
  let index = numberIndexes.get(type);
  if (!index) {
    index = new Map(type.own.filter((field) => field.proto > 0).map((field) => [field.proto, field]));
    numberIndexes.set(type, index);
  }
  return index;
}

function readField(tree: Tree, field: Field, reader: ProtoReader, wire: number, depth: number): void {
  if (field.inline) {
    Object.assign(tree, decodeMessage(structOf(field.ref!), reader.bytes(), depth + 1));
  } else if (field.container === "one") {
    const value = readElement(field, reader, wire, depth);
    if (value !== undefined && !(isZero(value) && field.optional && !field.pointer)) tree[field.json] = value;
  } else if (field.container === "list") {
    const list = (tree[field.json] ??= []) as unknown[];
    if (field.listMessage) list.push(...readItems(reader.bytes()));
    else if (wire === 2 && isVarint(field)) readPacked(list, field, reader.bytes(), depth);
    else list.push(readElement(field, reader, wire, depth));
  } else {
    const map = (tree[field.json] ??= {}) as Tree;
    readEntry(map, field, reader.bytes(), depth);
  }
}

const isZero = (value: unknown): boolean => value === "" || value === 0 || value === false;
const isVarint = (field: Field): boolean => field.scalar === "int32" || field.scalar === "int64" || field.scalar === "bool";

function readPacked(list: unknown[], field: Field, bytes: Uint8Array, depth: number): void {
  const reader = new ProtoReader(bytes);
  while (!reader.done) list.push(readElement(field, reader, 0, depth));
}

function readItems(bytes: Uint8Array): string[] {
  const reader = new ProtoReader(bytes);
  const items: string[] = [];
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === 2) items.push(reader.text());
    else reader.skip(wire);
  }
  return items;
}

function readEntry(map: Tree, field: Field, bytes: Uint8Array, depth: number): void {
  const reader = new ProtoReader(bytes);
  let key = "";
  let value: unknown;
  while (!reader.done) {
    const { field: number, wire } = reader.tag();
    if (number === 1) key = reader.text();
    else if (number === 2) value = field.container === "map-of-lists" ? readItems(reader.bytes()) : readElement(field, reader, wire, depth);
    else reader.skip(wire);
  }
  value ??= field.ref !== undefined ? {} : field.container === "map-of-lists" ? [] : "";
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true }); // "__proto__" is a key like any other
}

function readElement(field: Field, reader: ProtoReader, wire: number, depth: number): unknown {
  if (field.ref !== undefined) return decodeMessage(structOf(field.ref), reader.bytes(), depth + 1);
  switch (field.scalar!) {
    case "string":
      return reader.text();
    case "bool":
      return Number(reader.varint()) !== 0;
    case "int32":
    case "int64":
      return Number(reader.varint());
    case "float64":
      return wire === 1 ? reader.double() : Number(reader.varint());
    case "bytes":
      return toBase64(reader.bytes());
    case "quantity":
      return firstText(reader.bytes()) || undefined;
    case "intstr":
      return readIntOrString(reader.bytes());
    case "time":
      return readTime(reader.bytes(), formatTime);
    case "microtime":
      return readTime(reader.bytes(), formatMicroTime);
    case "duration":
      return formatGoDuration(readNumbers(reader.bytes()).get(1) ?? 0);
    case "schemaOrArray":
    case "schemaOrBool":
    case "schemaOrStrings":
      return decodeSchemaUnion(field.scalar, reader.bytes(), (type, bytes) => decodeMessage(type, bytes, depth + 1));
    case "raw":
    case "json":
    case "fields":
      return readRaw(reader.bytes());
  }
}

/** Field 1 of a message, as text. */
function firstText(bytes: Uint8Array): string {
  const reader = new ProtoReader(bytes);
  let text = "";
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === 2) text = reader.text();
    else reader.skip(wire);
  }
  return text;
}

function readRaw(bytes: Uint8Array): unknown {
  const text = firstText(bytes);
  return text === "" ? undefined : parseJson(text);
}

function readNumbers(bytes: Uint8Array): Map<number, number> {
  const reader = new ProtoReader(bytes);
  const numbers = new Map<number, number>();
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (wire === 0) numbers.set(field, Number(reader.varint()));
    else reader.skip(wire);
  }
  return numbers;
}

function readTime(bytes: Uint8Array, format: (time_ms: number) => string): string | undefined {
  if (bytes.length === 0) return undefined;
  const numbers = readNumbers(bytes);
  const seconds = numbers.get(1) ?? 0;
  if (seconds === ZERO_TIME_SECONDS) return undefined;
  const time_ms = seconds * 1000 + (numbers.get(2) ?? 0) / 1e6;
  if (!(Math.abs(time_ms) <= 8.64e15)) throw new DecodeError("proto: time out of range");
  return format(time_ms);
}

function readIntOrString(bytes: Uint8Array): number | string {
  const reader = new ProtoReader(bytes);
  let isText = false;
  let number = 0;
  let text = "";
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === 0) isText = Number(reader.varint()) === 1;
    else if (field === 2 && wire === 0) number = Number(reader.varint());
    else if (field === 3 && wire === 2) text = reader.text();
    else reader.skip(wire);
  }
  return isText ? text : number;
}
