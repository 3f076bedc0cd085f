import assert from "node:assert/strict";
import { test } from "node:test";
import { inRange, type KeyRange } from "@flotilla/mvcc";
import fc from "fast-check";
import { type AuthCommand, applyAuth } from "./commands.ts";
import { covers, rightsOf } from "./permissions.ts";
import { AuthStore } from "./store.ts";
import type { AuthInfo, Permission } from "./types.ts";

const root = (store: AuthStore): AuthInfo => ({ user: "root", revision: store.revision });
const SETUP: AuthCommand[] = [
  { op: "user-add", name: "root", hash: "h", noPassword: false },
  { op: "user-grant", name: "root", role: "root" },
  { op: "user-add", name: "alice", hash: "h", noPassword: false },
  { op: "role-add", role: "reader" },
  { op: "role-grant", role: "reader", permission: { kind: "read", key: "a", end: "c" } },
  { op: "role-grant", role: "reader", permission: { kind: "write", key: "b", end: undefined } },
  { op: "user-grant", name: "alice", role: "reader" },
  { op: "enable" },
];

function prepared(): AuthStore {
  const store = new AuthStore();
  for (const c of SETUP) applyAuth(store, c, { user: "", revision: 0 }, 1, undefined);
  return store;
}

/** "ok", or what is wrong without etcd's prefix. */
function outcome(run: () => void): string {
  try {
    run();
    return "ok";
  } catch (error) {
    return (error as Error).message.replace("etcdserver: ", "");
  }
}

test("who may do what", () => {
  const store = prepared();
  const alice = { user: "alice", revision: store.revision };
  const cases: [AuthInfo, "requireRead" | "requireWrite", KeyRange, string][] = [
    [alice, "requireRead", { key: "a", end: undefined }, "ok"],
    [alice, "requireRead", { key: "a", end: "c" }, "ok"],
    [alice, "requireRead", { key: "bzz", end: undefined }, "ok"],
    [alice, "requireRead", { key: "c", end: undefined }, "permission denied"],
    [alice, "requireRead", { key: "a", end: "c\0" }, "permission denied"],
    [alice, "requireRead", { key: "a", end: "\0" }, "permission denied"],
    [alice, "requireWrite", { key: "b", end: undefined }, "ok"],
    [alice, "requireWrite", { key: "b", end: "b\0" }, "ok"],
    [alice, "requireWrite", { key: "ba", end: undefined }, "permission denied"],
    [{ ...alice, revision: alice.revision - 1 }, "requireRead", { key: "a", end: undefined }, "revision of auth store is old"],
    [{ user: "", revision: 0 }, "requireRead", { key: "a", end: undefined }, "user name is empty"],
    [{ user: "carol", revision: alice.revision }, "requireRead", { key: "a", end: undefined }, "permission denied"],
    [root(store), "requireWrite", { key: "\0", end: "\0" }, "ok"],
  ];
  for (const [who, what, range, expected] of cases) {
    assert.equal(
      outcome(() => store[what](who, range)),
      expected,
      JSON.stringify([who, what, range]),
    );
  }
  assert.equal(
    outcome(() => store.requireAdmin(alice)),
    "permission denied",
  );
  assert.equal(
    outcome(() => store.requireAdmin({ user: "", revision: 0 })),
    "user name is empty",
  );
  store.disable();
  assert.equal(
    outcome(() => store.requireWrite({ user: "", revision: 0 }, { key: "x", end: undefined })),
    "ok",
  );
});

test("what cannot be done says why, and changes nothing", () => {
  const cases: [AuthCommand, string][] = [
    [{ op: "user-add", name: "", hash: "h", noPassword: false }, "user name is empty"],
    [{ op: "user-add", name: "alice", hash: "h", noPassword: false }, "user name already exists"],
    [{ op: "user-delete", name: "root" }, "invalid auth management"],
    [{ op: "user-delete", name: "carol" }, "user name not found"],
    [{ op: "user-password", name: "carol", hash: "x" }, "user name not found"],
    [{ op: "user-grant", name: "carol", role: "reader" }, "user name not found"],
    [{ op: "user-grant", name: "alice", role: "none" }, "role name not found"],
    [{ op: "user-grant", name: "alice", role: "reader" }, "ok"],
    [{ op: "user-revoke", name: "alice", role: "root" }, "role is not granted to the user"],
    [{ op: "user-revoke", name: "root", role: "root" }, "invalid auth management"],
    [{ op: "role-add", role: "" }, "role name is empty"],
    [{ op: "role-add", role: "reader" }, "role name already exists"],
    [{ op: "role-delete", role: "none" }, "role name not found"],
    [{ op: "role-delete", role: "root" }, "invalid auth management"],
    [{ op: "role-grant", role: "reader", permission: undefined }, "permission not given"],
    [{ op: "role-grant", role: "none", permission: { kind: "read", key: "a", end: undefined } }, "role name not found"],
    [{ op: "role-grant", role: "reader", permission: { kind: "read", key: "", end: undefined } }, "invalid auth management"],
    [{ op: "role-grant", role: "reader", permission: { kind: "read", key: "b", end: "a" } }, "invalid auth management"],
    [{ op: "role-revoke", role: "reader", key: "a", end: undefined }, "permission is not granted to the role"],
  ];
  const store = prepared();
  const before = store.export();
  for (const [command, expected] of cases) {
    assert.equal(
      outcome(() => applyAuth(store, command, root(store), 1, undefined)),
      expected,
      JSON.stringify(command),
    );
  }
  assert.deepEqual(store.export(), before);
});

test("authentication needs a root user with the root role", () => {
  const store = new AuthStore();
  const enable = () => outcome(() => store.enable());
  assert.equal(enable(), "root user does not exist");
  store.addUser("root", "h", false);
  assert.equal(enable(), "root user does not have root role");
  store.grantRole("root", "root");
  assert.equal(enable(), "ok");
});

test("rights end at once with a role, a permission, a user", () => {
  const may = (store: AuthStore) =>
    outcome(() => store.requireRead({ user: "alice", revision: store.revision }, { key: "a", end: undefined }));
  const steps: AuthCommand[] = [
    { op: "role-revoke", role: "reader", key: "a", end: "c" },
    { op: "user-revoke", name: "alice", role: "reader" },
    { op: "role-delete", role: "reader" },
    { op: "user-delete", name: "alice" },
  ];
  for (const step of steps) {
    const store = prepared();
    assert.equal(may(store), "ok");
    applyAuth(store, step, root(store), 1, undefined);
    assert.equal(may(store), "permission denied", step.op);
  }
});

test("the state survives being written down", () => {
  const store = prepared();
  const copy = AuthStore.from(JSON.parse(JSON.stringify(store.export())));
  assert.equal(JSON.stringify(copy.export()), JSON.stringify(store.export()));
  assert.deepEqual(AuthStore.from(undefined).export(), new AuthStore().export());
});

test("a range is covered when each of its keys is, however the permissions are cut", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 2 });
  const range = fc.record({ key, end: fc.option(fc.oneof(key, fc.constant("\0")), { nil: undefined }) });
  const points = ["a", "b", "c"].flatMap((x) => [x, ...["a", "b", "c"].map((y) => x + y)]).flatMap((p) => [p, `${p}\0`, `${p}~`]);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), range, (granted, asked) => {
      const permissions: Permission[] = granted
        .filter((g) => g.end === undefined || g.end === "\0" || g.key < g.end)
        .map((g) => ({ kind: "read", ...g }));
      const inside = points.filter((p) => inRange(asked, p));
      if (inside.length === 0) return;
      const expected = inside.every((p) => permissions.some((g) => inRange(g, p)));
      // Every end of a range is a point or the successor of one, so the points tell all but what lies beyond the last.
      const open = asked.end === "\0" && !permissions.some((g) => g.end === "\0");
      assert.equal(covers(rightsOf(permissions).read, asked), expected && !open);
    }),
    { numRuns: 2000 },
  );
});
