import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../admission/testing/rig.ts";
import { checkOf } from "./attributes.ts";
import { createAuthorizer } from "./modes.ts";

const create = (...modes: string[]) => createAuthorizer(new MemoryStore() as never, modes);

test("modes are upstream's, each once", () => {
  assert.throws(() => create("constructor"), { message: 'authorization-mode "constructor" is not a valid mode' });
  assert.throws(() => create("RBAC", "Node", "RBAC"), { message: 'authorization-mode "RBAC" has mode specified more than once' });
  assert.throws(() => create(), { message: "at least one authorization-mode must be passed" });
});

test("probes are answered whatever the roles say; single checks are not for everybody", () => {
  const authorizer = create("RBAC");
  const anonymous = { name: "system:anonymous", groups: ["system:unauthenticated"] };
  const may = (path: string, verb = "get") =>
    authorizer.authorize({ ...checkOf(anonymous, verb, { resource: "" }), isResource: false, path }).allowed;
  assert.deepEqual(
    ["/healthz", "/livez", "/readyz"].map((path) => may(path)),
    [true, true, true],
  );
  assert.deepEqual([may("/healthz/etcd"), may("/readyz/"), may("/metrics"), may("/healthz", "post")], [false, false, false, false]);
});
