import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProxyName, splitProxyPath } from "./target.ts";

const NAMES: [text: string, scheme: string, name: string, port: string][] = [
  ["web", "http", "web", ""],
  ["web:80", "http", "web", "80"],
  ["web:metrics", "http", "web", "metrics"],
  ["https:web:443", "https", "web", "443"],
  ["https:web:", "https", "web", ""],
  [":web:80", "http", "web", "80"],
];
for (const [text, scheme, name, port] of NAMES) {
  test(`proxy name ${text}`, () => assert.deepEqual(parseProxyName(text), { scheme, name, port }));
}
test("a scheme that is none", () => assert.throws(() => parseProxyName("ftp:web:21"), { message: /invalid proxy name "ftp:web:21"/ }));

const PATHS: [path: string, prefix: string, rest: string][] = [
  ["/api/v1/namespaces/d/services/web/proxy", "/api/v1/namespaces/d/services/web/proxy", ""],
  ["/api/v1/namespaces/d/services/web/proxy/", "/api/v1/namespaces/d/services/web/proxy", "/"],
  ["/api/v1/namespaces/d/pods/p:80/proxy/a%2Fb//c/", "/api/v1/namespaces/d/pods/p:80/proxy", "/a%2Fb//c/"],
  ["/api/v1/nodes/n/proxy/proxy/x", "/api/v1/nodes/n/proxy", "/proxy/x"],
];
for (const [path, prefix, rest] of PATHS) test(`path ${path}`, () => assert.deepEqual(splitProxyPath(path), { prefix, rest }));
