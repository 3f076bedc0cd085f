/** JSONSchemaPropsOr… of apiextensions: one value in JSON, a message with a field for each form in protobuf. */
import { JSON_SCHEMA, type SchemaUnion, type StructType, structOf } from "../schema/schema.ts";
import { ProtoReader } from "./reader.ts";
import type { ProtoWriter } from "./writer.ts";

type Tree = Record<string, unknown>;

type WriteMessage = (writer: ProtoWriter, number: number, type: StructType, tree: Tree) => void;

/** Into the message that the writer is at. */
export function writeSchemaUnion(writer: ProtoWriter, union: SchemaUnion, value: unknown, write: WriteMessage): void {
  const schema = (number: number, item: unknown) => write(writer, number, structOf(JSON_SCHEMA), item as Tree);
  if (union === "schemaOrBool") {
    // A schema implies that additional properties are allowed.
    writer.varint(1, value === false ? 0 : 1);
    if (typeof value !== "boolean") schema(2, value);
  } else if (!Array.isArray(value)) schema(1, value);
  else if (union === "schemaOrArray") for (const item of value) schema(2, item);
  else for (const item of value) writer.text(2, item as string);
}

export function decodeSchemaUnion(union: SchemaUnion, bytes: Uint8Array, decode: (type: StructType, bytes: Uint8Array) => Tree): unknown {
  const reader = new ProtoReader(bytes);
  let allows = false;
  let schema: Tree | undefined;
  const list: unknown[] = [];
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (union === "schemaOrBool") {
      if (field === 1 && wire === 0) allows = Number(reader.varint()) !== 0;
      else if (field === 2 && wire === 2) schema = decode(structOf(JSON_SCHEMA), reader.bytes());
      else reader.skip(wire);
    } else if (field === 1 && wire === 2) schema = decode(structOf(JSON_SCHEMA), reader.bytes());
    else if (field === 2 && wire === 2)
      list.push(union === "schemaOrArray" ? decode(structOf(JSON_SCHEMA), reader.bytes()) : reader.text());
    else reader.skip(wire);
  }
  if (schema) return schema;
  return union === "schemaOrBool" ? allows : list;
}
