import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeProtobuf, protobufSchemaOf, watchFrame } from "./envelope.ts";
import { ProtoWriter } from "./writer.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("a message inside grows its length where it must", () => {
  for (const size of [0, 1, 127, 128, 16_383, 16_384, 2_100_000]) {
    const writer = new ProtoWriter();
    const outer = writer.begin(1);
    writer.bytes(2, new Uint8Array(size).fill(7));
    writer.end(outer);
    writer.varint(3, 5);
    const inner = new ProtoWriter();
    inner.bytes(2, new Uint8Array(size).fill(7));
    const flat = new ProtoWriter();
    flat.bytes(1, inner.finish());
    flat.varint(3, 5);
    assert.equal(Buffer.compare(writer.finish(), flat.finish()), 0, `${size} bytes`);
  }
});

test("text is UTF-8 with its length in bytes", () => {
  const writer = new ProtoWriter();
  writer.text(1, "é😀");
  assert.equal(hex(writer.finish()), "0a06c3a9f09f9880");
});

const SCHEMAS: [apiVersion: string, kind: string, schema: string | undefined][] = [
  ["v1", "Pod", "core/v1.Pod"],
  ["v1", "PodList", "core/v1.PodList"],
  ["v1", "Status", "meta/v1.Status"],
  ["apps/v1", "Deployment", "apps/v1.Deployment"],
  ["autoscaling/v1", "Scale", "autoscaling/v1.Scale"],
  ["rbac.authorization.k8s.io/v1", "RoleList", "rbac/v1.RoleList"],
  ["events.k8s.io/v1", "Event", "events/v1.Event"],
  ["meta.k8s.io/v1", "PartialObjectMetadataList", "meta/v1.PartialObjectMetadataList"],
  ["stable.example.com/v1", "CronTab", undefined],
  ["apps.example.com/v1", "Deployment", undefined],
];
for (const [apiVersion, kind, schema] of SCHEMAS) {
  test(`protobuf form of ${apiVersion} ${kind}`, () => assert.equal(protobufSchemaOf({ apiVersion, kind }), schema));
}

test("the bytes of a small object, field by field", () => {
  const bytes = encodeProtobuf("core/v1.ConfigMap", { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } } as object);
  //            k8s\0    typeMeta{v1, ConfigMap}           raw{data{a: b}}     contentEncoding, contentType
  assert.equal(hex(bytes), "6b387300" + "0a0f0a0276311209436f6e6669674d6170" + "120812060a0161120162" + "1a002200");
});

test("a watch frame says how long it is and wraps the object twice", () => {
  assert.equal(hex(watchFrame("ADDED", Uint8Array.of(1, 2))), "0000000d" + "0a054144444544" + "1204" + "0a020102");
});
