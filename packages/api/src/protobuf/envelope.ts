/** "k8s\0" and runtime.Unknown {typeMeta {apiVersion 1, kind 2} 1, raw 2} around every protobuf body. */
import { DecodeError } from "../schema/conform.ts";
import { findStruct, type StructType, structOf } from "../schema/schema.ts";
import { decodeMessage } from "./decode.ts";
import { writeFields } from "./encode.ts";
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
  const writer = new ProtoWriter();
  writer.raw(MAGIC);
  const meta = writer.begin(1);
  writer.text(1, obj.apiVersion ?? "");
  writer.text(2, obj.kind ?? "");
  writer.end(meta);
  const raw = writer.begin(2);
  writeFields(writer, structOf(schema), obj as Record<string, unknown>);
  writer.end(raw);
  writer.text(3, "");
  writer.text(4, "");
  return writer.finish();
}

/**
 * The schema of an object by what it says of itself: Status, Scale and whatever else a request may be answered with.
 * undefined where there is none: custom resources, documents.
 */
export function protobufSchemaOf(obj: { apiVersion?: string; kind?: string }): string | undefined {
  const [group, version] = (obj.apiVersion ?? "").includes("/") ? obj.apiVersion!.split("/") : ["", obj.apiVersion ?? ""];
  if (group === "meta.k8s.io") return found(`meta/v1.${obj.kind}`);
  if (group === "") return found(`core/${version}.${obj.kind}`) ?? found(`meta/${version}.${obj.kind}`);
  // Packages are named by the first label: rbac.authorization.k8s.io → rbac.
  return group!.endsWith(".k8s.io") || !group!.includes(".") ? found(`${group!.split(".")[0]}/${version}.${obj.kind}`) : undefined;
}

const found = (schema: string): string | undefined => (findStruct(schema) ? schema : undefined);

/**
 * One event of a protobuf watch: a big-endian length of four bytes, then a meta/v1 WatchEvent {type = 1, object = 2
 * {raw = 1}} without an envelope of its own, around an object with one.
 */
export function watchFrame(type: string, object: Uint8Array): Uint8Array {
  const writer = new ProtoWriter();
  writer.raw(new Uint8Array(4));
  writer.text(1, type);
  const extension = writer.begin(2);
  writer.bytes(1, object);
  writer.end(extension);
  const frame = writer.finish();
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, frame.length - 4);
  return frame;
}
