import { Store, type VersionFields } from "@flotilla/mvcc";
import type { AuthState } from "../auth/store.ts";
import { AuthStore } from "../auth/store.ts";
import { PERMISSIONS, type Permission, type Role, type User } from "../auth/types.ts";
import { Machine } from "../node/machine.ts";
import { Reader } from "../wire/reader.ts";
import { AUTH_KEYS, BUCKETS, META_KEYS, readRevisionKey } from "./backend.ts";
import { BoltReader } from "./bolt/reader.ts";

/**
 * The machine of a database: keys with their history, leases, users and roles.
 * Members, alarms and the place in the log are another cluster's: left out.
 * @throws Error naming the damage.
 */
export function importDatabase(data: Buffer, ttl_s_min: number): Machine {
  const db = new BoltReader(data);
  if (!db.buckets().includes(BUCKETS.key)) throw new Error("not a database of etcd: it has no keys");
  const machine = new Machine(ttl_s_min);
  machine.store = new Store();
  db.forEach(BUCKETS.lease, (_key, value) => {
    const { id, ttl_s } = leaseOf(value);
    machine.lessor.import(id, ttl_s);
  });
  importKeys(db, machine);
  machine.auth = AuthStore.from(authOf(db));
  return machine;
}

function importKeys(db: BoltReader, { store, lessor }: Machine): void {
  let compacted = 0;
  // A compaction that was begun counts as done: what it would remove is not read below.
  db.forEach(BUCKETS.meta, (key, value) => {
    const name = key.toString();
    if (name === META_KEYS.scheduled || name === META_KEYS.finished) compacted = Math.max(compacted, readRevisionKey(value).main);
  });
  let revision = Math.max(1, compacted);
  const alive = new Map<string, VersionFields>();
  const take = (v: VersionFields) => store.import(v);
  const old = () => {
    for (const v of alive.values()) take(v);
    alive.clear();
  };
  let behind = true;
  db.forEach(BUCKETS.key, (key, value) => {
    const { main, sub, tombstone } = readRevisionKey(key);
    const v = versionOf(value, main, sub, tombstone);
    revision = Math.max(revision, main);
    if (main <= compacted) {
      if (tombstone && main < compacted) alive.delete(v.key);
      else alive.set(v.key, v);
      return;
    }
    if (behind) old();
    behind = false;
    take(v);
  });
  if (behind) old();
  store.finishImport(revision, compacted);
  store.forEach({ key: "", end: "\0" }, 0, (v) => {
    if (v.lease !== "0" && lessor.has(v.lease)) lessor.attach(v.lease, v.key);
    return true;
  });
}

function versionOf(bytes: Buffer, mod: number, sub: number, tombstone: boolean): VersionFields {
  const v = { key: "", value: "", mod, sub, create: 0, version: 0, lease: "0" };
  const r = new Reader(bytes);
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) v.key = r.latin1();
    else if (tombstone) r.skip(tag);
    else if (tag === 0x10) v.create = r.int();
    else if (tag === 0x20) v.version = r.int();
    else if (tag === 0x2a) v.value = r.latin1();
    else if (tag === 0x30) v.lease = r.id();
    else r.skip(tag);
  }
  return v;
}

function leaseOf(bytes: Buffer): { id: string; ttl_s: number } {
  const lease = { id: "0", ttl_s: 0 };
  const r = new Reader(bytes);
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) lease.id = r.id();
    else if (tag === 0x10) lease.ttl_s = r.int();
    else r.skip(tag);
  }
  return lease;
}

function authOf(db: BoltReader): AuthState {
  let enabled = false;
  let revision = 1;
  const users: User[] = [];
  const roles: Role[] = [];
  db.forEach(BUCKETS.auth, (key, value) => {
    if (key.toString() === AUTH_KEYS.enabled) enabled = value[0] === 1;
    if (key.toString() === AUTH_KEYS.revision && value.length === 8) revision = Number(value.readBigUInt64BE(0));
  });
  db.forEach(BUCKETS.users, (_key, value) => users.push(userOf(value)));
  db.forEach(BUCKETS.roles, (_key, value) => roles.push(roleOf(value)));
  return { enabled, revision, users, roles };
}

function userOf(bytes: Buffer): User {
  const user = { name: "", hash: "", noPassword: false, roles: [] as string[] };
  const r = new Reader(bytes);
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) user.name = r.text();
    else if (tag === 0x12) user.hash = r.text();
    else if (tag === 0x1a) user.roles.push(r.text());
    else if (tag === 0x22) {
      const options = r.message();
      for (let field = options.tag(); field !== 0; field = options.tag()) {
        if (field === 0x08) user.noPassword = options.bool();
        else options.skip(field);
      }
    } else r.skip(tag);
  }
  return user;
}

function roleOf(bytes: Buffer): Role {
  const role = { name: "", permissions: [] as Permission[] };
  const r = new Reader(bytes);
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) role.name = r.text();
    else if (tag === 0x12) role.permissions.push(permissionOf(r.message()));
    else r.skip(tag);
  }
  return role;
}

function permissionOf(r: Reader): Permission {
  let kind = 0;
  let key = "";
  let end: string | undefined;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) kind = r.int();
    else if (tag === 0x12) key = r.latin1();
    else if (tag === 0x1a) end = r.latin1() || undefined;
    else r.skip(tag);
  }
  return { kind: PERMISSIONS[kind] ?? "read", key, end };
}
