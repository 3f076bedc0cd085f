import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeAs } from "./decode.ts";
import type { FieldValidation } from "./definition.ts";
import { encodeProtobuf } from "./protobuf/envelope.ts";

const POD = { schema: "core/v1.Pod", group: "", version: "v1", kind: "Pod" };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (text: string, fieldValidation: FieldValidation = "Strict") => decodeAs(POD, bytes(text), { fieldValidation });

test("bodies that can't be a pod are refused in upstream's words", () => {
  const table: [string, string][] = [
    ['{"spec":{"containers":"x"}}', "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container"],
    [
      '{"spec":{"containers":[{"image":1}]}}',
      "json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string",
    ],
    ['{"metadata":{"labels":{"a":1}}}', "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"],
    ['{"spec":{"foo":1}}', 'strict decoding error: unknown field "spec.foo"'],
    ['{"spec":{"containers":[{"bar":1}]}}', 'strict decoding error: unknown field "spec.containers[0].bar"'],
    ['{"spec":{"hostname":"a","hostname":"b"}}', 'strict decoding error: duplicate field "spec.hostname"'],
  ];
  for (const [text, problem] of table) {
    assert.throws(() => decode(text), { message: `Pod in version "v1" cannot be handled as a Pod: ${problem}` }, text);
  }
});

test("Warn names unknown fields and Ignore drops them in silence", () => {
  assert.deepEqual(decode('{"spec":{"foo":1}}', "Warn").warnings, ['unknown field "spec.foo"']);
  const ignored = decode('{"spec":{"foo":1}}', "Ignore");
  assert.deepEqual(ignored.warnings, []);
  assert.equal("foo" in (ignored.object["spec"] as object), false);
});

test("colons, quotes and escapes inside of strings are no duplicate members", () => {
  const annotation = fc.string({ unit: fc.constantFrom(":", '"', "\\", "{", ",", "a") });
  fc.assert(
    fc.property(fc.dictionary(annotation, annotation), (annotations) => {
      assert.deepEqual(decode(JSON.stringify({ metadata: { annotations } })).warnings, []);
    }),
  );
});

test("a pod written as protobuf reads back the same", () => {
  const text = JSON.stringify({
    metadata: {
      name: "a",
      labels: { x: "y" },
      creationTimestamp: "2024-01-02T03:04:05Z",
      ownerReferences: [{ apiVersion: "v1", kind: "X", name: "n", uid: "u", controller: true }],
    },
    spec: {
      terminationGracePeriodSeconds: 0,
      priority: -5,
      nodeSelector: { zone: "1" },
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [
        {
          name: "c",
          image: "i:1",
          env: [{ name: "E", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
          livenessProbe: { httpGet: { port: "web" }, periodSeconds: 3 },
          readinessProbe: { tcpSocket: { port: 80 } },
          resources: { requests: { cpu: "100m", memory: "1Gi" } },
        },
      ],
    },
  });
  const { object } = decode(text);
  const contentType = "application/vnd.kubernetes.protobuf";
  assert.deepEqual(decodeAs(POD, encodeProtobuf(POD.schema, object), { contentType }).object, object);
});

test("no bytes make the protobuf decoder throw anything but BadRequest", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
      const body = Uint8Array.of(0x6b, 0x38, 0x73, 0, 0x12, tail.length, ...tail);
      try {
        decodeAs(POD, body, { contentType: "application/vnd.kubernetes.protobuf" });
      } catch (error) {
        assert.equal((error as { reason?: string }).reason, "BadRequest", String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a kind that several groups share is taken under each of their names, as JSON and as protobuf", () => {
  const expected = { schema: "meta/v1.DeleteOptions", group: "", version: "v1", kind: "DeleteOptions", alsoIn: ["apps/v1"] };
  const tree = (apiVersion: string) => ({ apiVersion, kind: "DeleteOptions", propagationPolicy: "Orphan" });
  for (const apiVersion of ["v1", "apps/v1"]) {
    const { object } = decodeAs(expected, bytes(JSON.stringify(tree(apiVersion))));
    assert.deepEqual(object, tree(apiVersion));
    const binary = encodeProtobuf("meta/v1.DeleteOptions", tree(apiVersion) as never);
    assert.equal(decodeAs(expected, binary, { contentType: "application/vnd.kubernetes.protobuf" }).object["propagationPolicy"], "Orphan");
  }
  assert.throws(() => decodeAs(expected, bytes(JSON.stringify(tree("batch/v1")))), {
    message: "the API version in the data (batch/v1) does not match the expected API version (v1)",
  });
});
