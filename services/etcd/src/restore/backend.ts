import { isTombstone, type Store, type Version } from "@flotilla/mvcc";
import { PERMISSIONS, type Permission, type Role, type User } from "../auth/types.ts";
import type { Machine } from "../node/machine.ts";
import { CLUSTER_VERSION } from "../version.ts";
import { Writer } from "../wire/writer.ts";
import type { Bucket } from "./bolt/writer.ts";

/** The buckets of etcd's database (server/storage/schema), by their names there. */
export const BUCKETS = {
  alarm: "alarm",
  auth: "auth",
  roles: "authRoles",
  users: "authUsers",
  cluster: "cluster",
  key: "key",
  lease: "lease",
  members: "members",
  removed: "members_removed",
  meta: "meta",
} as const;

export const META_KEYS = {
  index: "consistent_index",
  term: "term",
  scheduled: "scheduledCompactRev",
  finished: "finishedCompactRev",
} as const;
export const AUTH_KEYS = { enabled: "authEnabled", revision: "authRevision" } as const;

/** main u64 | "_" | sub u64, big-endian, so that keys sort by revision; and a "t" for a deletion. */
const REVISION_BYTES = 17;
const UNDERSCORE = 0x5f;
const TOMBSTONE = 0x74;

/** The machine as it is now, the way etcd keeps it. `versions` are the store's, by revision. */
export function bucketsOf(machine: Machine, versions: readonly Version[]): Bucket[] {
  const { lessor, members, alarms, auth, store } = machine;
  const { users, roles } = auth.export();
  const lists: [string, [Buffer, Buffer][]][] = [
    [BUCKETS.alarm, [...alarms].flatMap(([id, set]) => [...set].map((alarm): [Buffer, Buffer] => [alarmOf(id, alarm), EMPTY]))],
    [
      BUCKETS.auth,
      [
        [Buffer.from(AUTH_KEYS.enabled), Buffer.from([auth.enabled ? 1 : 0])],
        [Buffer.from(AUTH_KEYS.revision), uint64(auth.revision)],
      ],
    ],
    [BUCKETS.roles, roles.map((role) => [Buffer.from(role.name), roleOf(role)])],
    [BUCKETS.users, users.map((user) => [Buffer.from(user.name), userOf(user)])],
    [BUCKETS.cluster, [[Buffer.from("clusterVersion"), Buffer.from(CLUSTER_VERSION)]]],
    [BUCKETS.lease, [...lessor.all()].map(({ id, ttl_s }) => [leaseKey(id), new Writer().id(0x08, id).int(0x10, ttl_s).finish()])],
    [BUCKETS.members, [...members.values()].map((m) => [Buffer.from(m.id.toString(16)), Buffer.from(memberJson(m))])],
    [BUCKETS.removed, [...machine.removed].map((id) => [Buffer.from(id.toString(16)), Buffer.from("removed")])],
    [
      BUCKETS.meta,
      [
        [Buffer.from(META_KEYS.index), uint64(machine.applied)],
        [Buffer.from(META_KEYS.term), uint64(machine.appliedTerm)],
        ...(store.compacted > 0
          ? [META_KEYS.scheduled, META_KEYS.finished].map((key): [Buffer, Buffer] => [Buffer.from(key), revisionKey(store.compacted, 0)])
          : []),
      ],
    ],
  ];
  const buckets = lists.map(([name, items]) => listed(name, items));
  return [...buckets, keyBucket(versions)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What of the store's versions a snapshot at this moment shows, by revision: superseded ones that await compaction are left out. */
export function versionsByRevision(store: Store): Version[] {
  const { compacted } = store;
  const out: Version[] = [];
  store.forEachHead({ key: "", end: "\0" }, (head) => {
    for (let v: Version | undefined = head; v; v = v.prev) {
      if (v.mod < compacted && isTombstone(v)) break;
      out.push(v);
      if (v.mod <= compacted) break;
    }
  });
  return out.sort((a, b) => a.mod - b.mod || a.sub - b.sub);
}

function keyBucket(versions: readonly Version[]): Bucket {
  return {
    name: BUCKETS.key,
    count: versions.length,
    size: (i) => REVISION_BYTES + (isTombstone(versions[i]!) ? 1 : 0) + kvSize(versions[i]!),
    key: (i) => {
      const v = versions[i]!;
      const key = revisionKey(v.mod, v.sub);
      return isTombstone(v) ? Buffer.concat([key, Buffer.from([TOMBSTONE])]) : key;
    },
    value: (i) => kvOf(versions[i]!),
  };
}

/** mvccpb.KeyValue; a deletion has the key alone. */
function kvOf(v: Version): Buffer {
  const w = new Writer(v.key.length + v.size + 64).latin1(0x0a, v.key);
  if (isTombstone(v)) return w.finish();
  return w.int(0x10, v.create).int(0x18, v.mod).int(0x20, v.version).bytes(0x2a, v.bytes()).id(0x30, v.lease).finish();
}

function kvSize(v: Version): number {
  const key = blockSize(v.key.length);
  if (isTombstone(v)) return key;
  const lease = v.lease === "0" ? 0 : 1 + (v.lease.startsWith("-") ? 10 : varintSize(Number(v.lease)));
  return key + 3 + varintSize(v.create) + varintSize(v.mod) + varintSize(v.version) + blockSize(v.size) + lease;
}

const blockSize = (length: number) => (length === 0 ? 0 : 1 + varintSize(length) + length);

function varintSize(value: number): number {
  let bytes = 1;
  for (let v = value; v >= 128; v = Math.floor(v / 128)) bytes++;
  return bytes;
}

export function revisionKey(main: number, sub: number): Buffer {
  const out = Buffer.alloc(REVISION_BYTES, UNDERSCORE);
  out.writeBigUInt64BE(BigInt(main), 0);
  out.writeBigUInt64BE(BigInt(sub), 9);
  return out;
}

/** @throws Error when it is none. */
export function readRevisionKey(key: Buffer): { main: number; sub: number; tombstone: boolean } {
  const tombstone = key.length === REVISION_BYTES + 1 && key[REVISION_BYTES] === TOMBSTONE;
  if (key.length < REVISION_BYTES || key[8] !== UNDERSCORE || (key.length > REVISION_BYTES && !tombstone)) {
    throw new Error(`"${key.toString("hex")}" is not a revision`);
  }
  return { main: Number(key.readBigUInt64BE(0)), sub: Number(key.readBigUInt64BE(9)), tombstone };
}

function listed(name: string, items: [Buffer, Buffer][]): Bucket {
  const sorted = items.sort(([a], [b]) => Buffer.compare(a, b));
  return {
    name,
    count: sorted.length,
    size: (i) => sorted[i]![0].length + sorted[i]![1].length,
    key: (i) => sorted[i]![0],
    value: (i) => sorted[i]![1],
  };
}

const EMPTY = Buffer.alloc(0);

function uint64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
}

function leaseKey(id: string): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigInt64BE(BigInt(id));
  return out;
}

const alarmOf = (id: number, alarm: number) => new Writer().int(0x08, id).int(0x10, alarm).finish();

const memberJson = (m: { id: number; name: string; peerURLs: readonly string[]; clientURLs: readonly string[]; isLearner: boolean }) =>
  JSON.stringify({ id: m.id, peerURLs: m.peerURLs, ...(m.isLearner ? { isLearner: true } : {}), name: m.name, clientURLs: m.clientURLs });

/** authpb.User. */
function userOf({ name, hash, roles, noPassword }: User): Buffer {
  const w = new Writer().text(0x0a, name).text(0x12, hash);
  for (const role of roles) w.text(0x1a, role);
  return w.message(0x22, () => w.bool(0x08, noPassword)).finish();
}

/** authpb.Role. */
function roleOf({ name, permissions }: Role): Buffer {
  const w = new Writer().text(0x0a, name);
  for (const p of permissions) w.message(0x12, () => writePermission(w, p));
  return w.finish();
}

const writePermission = (w: Writer, { kind, key, end }: Permission) =>
  w
    .int(0x08, PERMISSIONS.indexOf(kind))
    .latin1(0x12, key)
    .latin1(0x1a, end ?? "");
