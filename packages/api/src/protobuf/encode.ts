/** Objects of the built-in types to protobuf messages; the mirror of decode.ts. Absent fields are not written. */
import { type Field, isSchemaUnion, type StructType, structOf } from "../schema/schema.ts";
import { fromBase64 } from "./base64.ts";
import { parseGoDuration } from "./go-duration.ts";
import { writeSchemaUnion } from "./schema-union.ts";
import type { ProtoWriter } from "./writer.ts";

type Tree = Record<string, unknown>;

/** The fields of `tree`, into the message that `writer` is at. */
export function writeFields(writer: ProtoWriter, type: StructType, tree: Tree): void {
  for (const field of type.own) {
    if (field.proto === 0) continue;
    if (field.inline) {
      writeMessage(writer, field.proto, structOf(field.ref!), tree);
      continue;
    }
    const value = tree[field.json];
    if (value !== undefined && value !== null) writeField(writer, field, value);
  }
}

function writeMessage(writer: ProtoWriter, number: number, type: StructType, tree: Tree): void {
  const start = writer.begin(number);
  writeFields(writer, type, tree);
  writer.end(start);
}

function writeField(writer: ProtoWriter, field: Field, value: unknown): void {
  switch (field.container) {
    case "one":
      return writeElement(writer, field.proto, field, value);
    case "list":
      if (field.listMessage) return writeItems(writer, field.proto, value as string[]);
      for (const item of value as unknown[]) writeElement(writer, field.proto, field, item);
      return;
    default:
      for (const [key, item] of Object.entries(value as Tree)) {
        const start = writer.begin(field.proto);
        writer.text(1, key);
        if (field.container === "map-of-lists") writeItems(writer, 2, item as string[]);
        else writeElement(writer, 2, field, item);
        writer.end(start);
      }
  }
}

function writeItems(writer: ProtoWriter, number: number, items: readonly string[]): void {
  const start = writer.begin(number);
  for (const item of items) writer.text(1, item);
  writer.end(start);
}

function writeElement(writer: ProtoWriter, number: number, field: Field, value: unknown): void {
  if (field.ref !== undefined) return writeMessage(writer, number, structOf(field.ref), value as Tree);
  switch (field.scalar!) {
    case "string":
      return writer.text(number, value as string);
    case "bool":
      return writer.varint(number, value ? 1 : 0);
    case "int32":
    case "int64":
      return writer.varint(number, value as number);
    case "float64":
      return writer.double(number, value as number);
    case "bytes":
      return writer.bytes(number, fromBase64(value as string));
    default: {
      const start = writer.begin(number);
      if (isSchemaUnion(field.scalar)) writeSchemaUnion(writer, field.scalar, value, writeMessage);
      else writeWellKnown(writer, field, value);
      writer.end(start);
    }
  }
}

/** Scalars of JSON that are messages in protobuf. */
function writeWellKnown(writer: ProtoWriter, field: Field, value: unknown): void {
  switch (field.scalar!) {
    case "intstr":
      writer.varint(1, typeof value === "string" ? 1 : 0);
      writer.varint(2, typeof value === "number" ? value : 0);
      return writer.text(3, typeof value === "string" ? value : "");
    case "time":
    case "microtime":
      return writeTime(writer, value as string);
    case "duration":
      return writer.varint(1, parseGoDuration(value as string));
    case "quantity":
      return writer.text(1, String(value));
    default:
      return writer.text(1, JSON.stringify(value)); // RawExtension, JSON, FieldsV1: {raw = 1}
  }
}

function writeTime(writer: ProtoWriter, text: string): void {
  const seconds = Math.floor(Date.parse(text) / 1000);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  writer.varint(1, seconds);
  writer.varint(2, Number(fraction.padEnd(9, "0").slice(0, 9)));
}
