/** "k8s\0" and runtime.Unknown {typeMeta {apiVersion 1, kind 2} 1, raw 2} around every protobuf body. */
import { DecodeError } from "../schema/conform.ts";
import { type StructType, structOf } from "../schema/schema.ts";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { ProtoReader } from "./reader.ts";
import { ProtoWriter } from "./writer.ts";

export const PROTOBUF_MEDIA_TYPE = "application/vnd.kubernetes.protobuf";
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0);

export interface Envelope {
  apiVersion: string;
  kind: string;
  tree: Record<string, unknown>;
}

export function decodeEnvelope(type: StructType, body: Uint8Array): Envelope {
  if (!MAGIC.every((byte, index) => body[index] === byte)) {
    throw new DecodeError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  const reader = new ProtoReader(body.subarray(MAGIC.length));
  const envelope: Envelope = { apiVersion: "", kind: "", tree: {} };
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === 2) readTypeMeta(envelope, reader.bytes());
    else if (field === 2 && wire === 2) envelope.tree = decodeMessage(type, reader.bytes());
    else reader.skip(wire);
  }
  return envelope;
}

function readTypeMeta(envelope: Envelope, bytes: Uint8Array): void {
  const reader = new ProtoReader(bytes);
  while (!reader.done) {
    const { field, wire } = reader.tag();
    if (field === 1 && wire === 2) envelope.apiVersion = reader.text();
    else if (field === 2 && wire === 2) envelope.kind = reader.text();
    else reader.skip(wire);
  }
}

/** A whole object of the schema type, with its envelope. */
export function encodeProtobuf(schema: string, obj: { apiVersion?: string; kind?: string }): Uint8Array {
  const meta = new ProtoWriter();
  meta.text(1, obj.apiVersion ?? "");
  meta.text(2, obj.kind ?? "");
  const unknown = new ProtoWriter();
  unknown.bytes(1, meta.finish());
  unknown.bytes(2, encodeMessage(structOf(schema), obj as Record<string, unknown>));
  unknown.text(3, "");
  unknown.text(4, "");
  const inner = unknown.finish();
  const body = new Uint8Array(MAGIC.length + inner.length);
  body.set(MAGIC);
  body.set(inner, MAGIC.length);
  return body;
}
