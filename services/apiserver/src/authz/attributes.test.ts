import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequestInfo } from "../request/request-info.ts";
import { attributesOf } from "./attributes.ts";

const check = (url: string, name: string) =>
  test(`GET ${url} asks for ${JSON.stringify(name)}`, () => {
    const { pathname, searchParams } = new URL(url, "https://x");
    assert.equal(attributesOf({ name: "u", groups: [] }, parseRequestInfo("GET", pathname, searchParams), searchParams).name, name);
  });

check("/api/v1/namespaces/d/secrets/a", "a");
check("/api/v1/namespaces/d/secrets", "");
check("/api/v1/namespaces/d/secrets?fieldSelector=metadata.name%3Da&watch=true", "a");
check("/api/v1/namespaces/d/secrets?fieldSelector=type%3Dx,metadata.name%3D%3Da", "a");
check("/api/v1/namespaces/d/secrets?fieldSelector=metadata.name!%3Da", "");
check("/api/v1/namespaces/d/secrets/a?fieldSelector=metadata.name%3Db", "a");
