import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiate } from "./negotiate.ts";

const check = (accept: string | undefined, expected: string, protobuf = true) =>
  test(`Accept: ${accept}${protobuf ? "" : ", of a custom resource"}`, () => {
    const { media, as, version } = negotiate(accept, protobuf);
    assert.equal(`${media} ${as} ${version}`, expected);
  });

check(undefined, "json object v1");
check("application/json, */*", "json object v1");
check("application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "json table v1");
check("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", "json object v1");
check("application/vnd.kubernetes.protobuf,application/json", "protobuf object v1");
check("application/json,application/vnd.kubernetes.protobuf", "json object v1");
check("application/vnd.kubernetes.protobuf,application/json", "json object v1", false);
check("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json", "json object v1");
check("application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", "protobuf metadata v1");
check("application/vnd.kubernetes.protobuf", "protobuf object v1");
check("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "json metadata-list v1");
check("application/yaml", "yaml object v1");
test("nothing acceptable", () => assert.throws(() => negotiate("text/html", true), { message: /only the following media types/ }));
test("protobuf alone, of a custom resource", () =>
  assert.throws(() => negotiate("application/vnd.kubernetes.protobuf", false), {
    message: "only the following media types are accepted: application/json, application/yaml",
  }));
test("a Table alone, of a review", () => {
  const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  assert.throws(() => negotiate(table, true, false), { message: /only the following media types/ });
  assert.equal(negotiate(`${table},application/json`, true, false).as, "object");
});
