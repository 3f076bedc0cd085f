/** Objects of the built-in types to protobuf messages; the mirror of decode.ts. Absent fields are not written. */
import { type Field, type StructType, structOf } from "../schema/schema.ts";
import { fromBase64 } from "./base64.ts";
import { parseGoDuration } from "./go-duration.ts";
import { ProtoWriter } from "./writer.ts";

type Tree = Record<string, unknown>;

export function encodeMessage(type: StructType, tree: Tree): Uint8Array {
  const writer = new ProtoWriter();
  for (const field of type.own) {
    if (field.proto === 0) continue;
    if (field.inline) {
      writer.bytes(field.proto, encodeMessage(structOf(field.ref!), tree));
      continue;
    }
    const value = tree[field.json];
    if (value !== undefined && value !== null) writeField(writer, field, value);
  }
  return writer.finish();
}

function writeField(writer: ProtoWriter, field: Field, value: unknown): void {
  switch (field.container) {
    case "one":
      return writeElement(writer, field.proto, field, value);
    case "list":
      if (field.listMessage) return writer.bytes(field.proto, itemsMessage(value as string[]));
      for (const item of value as unknown[]) writeElement(writer, field.proto, field, item);
      return;
    default:
      for (const [key, item] of Object.entries(value as Tree)) {
        const entry = new ProtoWriter();
        entry.text(1, key);
        if (field.container === "map-of-lists") entry.bytes(2, itemsMessage(item as string[]));
        else writeElement(entry, 2, field, item);
        writer.bytes(field.proto, entry.finish());
      }
  }
}

function itemsMessage(items: readonly string[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const item of items) writer.text(1, item);
  return writer.finish();
}

function writeElement(writer: ProtoWriter, number: number, field: Field, value: unknown): void {
  if (field.ref !== undefined) return writer.bytes(number, encodeMessage(structOf(field.ref), value as Tree));
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
    default:
      return writer.bytes(number, wellKnown(field, value));
  }
}

/** Scalars of JSON that are messages in protobuf. */
function wellKnown(field: Field, value: unknown): Uint8Array {
  const writer = new ProtoWriter();
  switch (field.scalar!) {
    case "intstr":
      writer.varint(1, typeof value === "string" ? 1 : 0);
      writer.varint(2, typeof value === "number" ? value : 0);
      writer.text(3, typeof value === "string" ? value : "");
      break;
    case "time":
    case "microtime":
      writeTime(writer, value as string);
      break;
    case "duration":
      writer.varint(1, parseGoDuration(value as string));
      break;
    case "quantity":
      writer.text(1, String(value));
      break;
    default:
      writer.text(1, JSON.stringify(value)); // RawExtension, JSON, FieldsV1: {raw = 1}
  }
  return writer.finish();
}

function writeTime(writer: ProtoWriter, text: string): void {
  const seconds = Math.floor(Date.parse(text) / 1000);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  writer.varint(1, seconds);
  writer.varint(2, Number(fraction.padEnd(9, "0").slice(0, 9)));
}
