import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiate } from "./negotiate.ts";

const check = (accept: string | undefined, expected: string) =>
  test(`Accept: ${accept}`, () => {
    const { media, as, version } = negotiate(accept);
    assert.equal(`${media} ${as} ${version}`, expected);
  });

check(undefined, "json object v1");
check("application/json, */*", "json object v1");
check("application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "json table v1");
check("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", "json object v1");
check("application/vnd.kubernetes.protobuf,application/json", "json object v1");
check("application/vnd.kubernetes.protobuf", "protobuf object v1");
check("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "json metadata-list v1");
check("application/yaml", "yaml object v1");
test("nothing acceptable", () => assert.throws(() => negotiate("text/html"), { message: /only the following media types/ }));
