import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";

/**
 * Messages off the hot path, described by one line each: `name:number type`,
 * `[type]` for repeated. Types: int, bool, string, bytes, id (int64 in decimal),
 * uid (uint64 in decimal), or another message. Names are those of the generated
 * types, which give the static types; the tests compare both encodings.
 */
const HEADER = "header:1 ResponseHeader";

const TABLES = {
  ResponseHeader: "clusterId:1 uid, memberId:2 uid, revision:3 int, raftTerm:4 int",
  LeaseGrantRequest: "TTL:1 int, ID:2 id",
  LeaseGrantResponse: "header:1 ResponseHeader, ID:2 id, TTL:3 int, error:4 string",
  LeaseRevokeRequest: "ID:1 id",
  LeaseRevokeResponse: "header:1 ResponseHeader",
  LeaseKeepAliveRequest: "ID:1 id",
  LeaseKeepAliveResponse: "header:1 ResponseHeader, ID:2 id, TTL:3 int",
  LeaseTimeToLiveRequest: "ID:1 id, keys:2 bool",
  LeaseTimeToLiveResponse: "header:1 ResponseHeader, ID:2 id, TTL:3 int, grantedTTL:4 int, keys:5 [bytes]",
  LeaseStatus: "ID:1 id",
  LeaseLeasesResponse: "header:1 ResponseHeader, leases:2 [LeaseStatus]",
  Member: "ID:1 uid, name:2 string, peerURLs:3 [string], clientURLs:4 [string], isLearner:5 bool",
  MemberAddRequest: "peerURLs:1 [string], isLearner:2 bool",
  MemberAddResponse: "header:1 ResponseHeader, member:2 Member, members:3 [Member]",
  MemberListRequest: "linearizable:1 bool",
  MemberListResponse: "header:1 ResponseHeader, members:2 [Member]",
  MemberPromoteRequest: "ID:1 uid",
  MemberPromoteResponse: "header:1 ResponseHeader, members:2 [Member]",
  MemberRemoveRequest: "ID:1 uid",
  MemberRemoveResponse: "header:1 ResponseHeader, members:2 [Member]",
  MemberUpdateRequest: "ID:1 uid, peerURLs:2 [string]",
  MemberUpdateResponse: "header:1 ResponseHeader, members:2 [Member]",
  AlarmMember: "memberID:1 uid, alarm:2 int",
  AlarmRequest: "action:1 int, memberID:2 uid, alarm:3 int",
  AlarmResponse: "header:1 ResponseHeader, alarms:2 [AlarmMember]",
  StatusResponse:
    "header:1 ResponseHeader, version:2 string, dbSize:3 int, leader:4 uid, raftIndex:5 int, raftTerm:6 int, " +
    "raftAppliedIndex:7 int, errors:8 [string], dbSizeInUse:9 int, isLearner:10 bool",
  DefragmentResponse: "header:1 ResponseHeader",
  HashResponse: "header:1 ResponseHeader, hash:2 int",
  HashKVRequest: "revision:1 int",
  HashKVResponse: "header:1 ResponseHeader, hash:2 int, compactRevision:3 int",
  SnapshotResponse: "header:1 ResponseHeader, remainingBytes:2 int, blob:3 bytes",
  MoveLeaderRequest: "targetID:1 uid",
  MoveLeaderResponse: "header:1 ResponseHeader",
  CompactionResponse: "header:1 ResponseHeader",
  WatchCreateRequest:
    "key:1 bytes, rangeEnd:2 bytes, startRevision:3 int, progressNotify:4 bool, filters:5 [int], prevKv:6 bool, watchId:7 int, fragment:8 bool",
  WatchCancelRequest: "watchId:1 int",
  DowngradeRequest: "action:1 int, version:2 string",
  DowngradeResponse: "header:1 ResponseHeader, version:2 string",
  KeyValue: "key:1 bytes, createRevision:2 int, modRevision:3 int, version:4 int, value:5 bytes, lease:6 id",
  UserAddOptions: "noPassword:1 bool",
  Permission: "permType:1 int, key:2 bytes, rangeEnd:3 bytes",
  AuthEnableResponse: HEADER,
  AuthDisableResponse: HEADER,
  AuthStatusResponse: "header:1 ResponseHeader, enabled:2 bool, authRevision:3 int",
  AuthenticateRequest: "name:1 string, password:2 string",
  AuthenticateResponse: "header:1 ResponseHeader, token:2 string",
  AuthUserAddRequest: "name:1 string, password:2 string, options:3 UserAddOptions, hashedPassword:4 string",
  AuthUserAddResponse: HEADER,
  AuthUserGetRequest: "name:1 string",
  AuthUserGetResponse: "header:1 ResponseHeader, roles:2 [string]",
  AuthUserListResponse: "header:1 ResponseHeader, users:2 [string]",
  AuthUserDeleteRequest: "name:1 string",
  AuthUserDeleteResponse: HEADER,
  AuthUserChangePasswordRequest: "name:1 string, password:2 string, hashedPassword:3 string",
  AuthUserChangePasswordResponse: HEADER,
  AuthUserGrantRoleRequest: "user:1 string, role:2 string",
  AuthUserGrantRoleResponse: HEADER,
  AuthUserRevokeRoleRequest: "name:1 string, role:2 string",
  AuthUserRevokeRoleResponse: HEADER,
  AuthRoleAddRequest: "name:1 string",
  AuthRoleAddResponse: HEADER,
  AuthRoleGetRequest: "role:1 string",
  AuthRoleGetResponse: "header:1 ResponseHeader, perm:2 [Permission]",
  AuthRoleListResponse: "header:1 ResponseHeader, roles:2 [string]",
  AuthRoleDeleteRequest: "role:1 string",
  AuthRoleDeleteResponse: HEADER,
  AuthRoleGrantPermissionRequest: "name:1 string, perm:2 Permission",
  AuthRoleGrantPermissionResponse: HEADER,
  AuthRoleRevokePermissionRequest: "role:1 string, key:2 bytes, rangeEnd:3 bytes",
  AuthRoleRevokePermissionResponse: HEADER,
  LockRequest: "name:1 bytes, lease:2 id",
  LockResponse: "header:1 ResponseHeader, key:2 bytes",
  UnlockRequest: "key:1 bytes",
  UnlockResponse: HEADER,
  LeaderKey: "name:1 bytes, key:2 bytes, rev:3 int, lease:4 id",
  CampaignRequest: "name:1 bytes, lease:2 id, value:3 bytes",
  CampaignResponse: "header:1 ResponseHeader, leader:2 LeaderKey",
  LeaderRequest: "name:1 bytes",
  LeaderResponse: "header:1 ResponseHeader, kv:2 KeyValue",
  ProclaimRequest: "leader:1 LeaderKey, value:2 bytes",
  ProclaimResponse: HEADER,
  ResignRequest: "leader:1 LeaderKey",
  ResignResponse: HEADER,
} as const;

export type MessageName = keyof typeof TABLES;

interface Field {
  name: string;
  number: number;
  type: string;
  repeated: boolean;
}

const parsed = new Map<string, Field[]>();

function fieldsOf(message: string): Field[] {
  let fields = parsed.get(message);
  if (!fields) {
    fields = (TABLES as Record<string, string>)[message]!.split(/,\s*/).map((text) => {
      const [, name, number, type] = /^(\w+):(\d+) (.+)$/.exec(text)!;
      const repeated = type!.startsWith("[");
      return { name: name!, number: Number(number), type: repeated ? type!.slice(1, -1) : type!, repeated };
    });
    parsed.set(message, fields);
  }
  return fields;
}

export const messageNames = Object.keys(TABLES) as MessageName[];

/** Encodes into `w` (or a new writer); absent fields are zero. */
export function encode<T>(message: MessageName, value: Partial<T>, w = new Writer()): Writer {
  for (const field of fieldsOf(message)) {
    const v = (value as Record<string, unknown>)[field.name];
    if (v === undefined) continue;
    if (!field.repeated) writeField(w, field, v);
    else if (field.type === "int") writePacked(w, field, v as number[]);
    else for (const item of v as unknown[]) writeField(w, field, item, true);
  }
  return w;
}

/** @throws WireError when malformed. Absent fields come out as the type's zero, absent messages as undefined. */
export function decode<T>(message: MessageName, bytes: Buffer | Reader): T {
  const r = bytes instanceof Reader ? bytes : new Reader(bytes);
  const fields = fieldsOf(message);
  const out: Record<string, unknown> = {};
  for (const f of fields) out[f.name] = f.repeated ? [] : zeroOf(f.type);
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    const field = fields.find((f) => f.number === tag >>> 3);
    if (!field || !wireTypeFits(field, tag & 7)) r.skip(tag);
    else if (!field.repeated) out[field.name] = readField(r, field.type);
    else if (field.type === "int" && (tag & 7) === 2) readPacked(r.message(), out[field.name] as number[]);
    else (out[field.name] as unknown[]).push(readField(r, field.type));
  }
  return out as T;
}

const isVarint = (type: string) => type === "int" || type === "bool" || type === "id" || type === "uid";

function wireTypeFits(field: Field, wireType: number): boolean {
  if (field.repeated && field.type === "int") return wireType === 0 || wireType === 2;
  return wireType === (isVarint(field.type) ? 0 : 2);
}

function writeField(w: Writer, { number, type }: Field, v: unknown, evenZero = false): void {
  const tag = number * 8 + (isVarint(type) ? 0 : 2);
  switch (type) {
    case "int":
      w.int(tag, v as number);
      return;
    case "bool":
      w.bool(tag, v as boolean);
      return;
    case "id":
    case "uid":
      w.id(tag, v as string);
      return;
    case "string":
    case "bytes": {
      const bytes = type === "string" ? Buffer.from(v as string, "utf8") : (v as Buffer);
      if (bytes.length > 0 || evenZero) w.varint(tag).varint(bytes.length).raw(bytes);
      return;
    }
    default:
      w.message(tag, () => encode(type as MessageName, v as object, w));
  }
}

function writePacked(w: Writer, { number }: Field, values: number[]): void {
  if (values.length === 0) return;
  w.message(number * 8 + 2, () => {
    for (const v of values) w.varint(v);
  });
}

function readField(r: Reader, type: string): unknown {
  switch (type) {
    case "int":
      return r.int();
    case "bool":
      return r.bool();
    case "id":
      return r.id();
    case "uid":
      return r.uid();
    case "string":
      return r.text();
    case "bytes":
      return Buffer.from(r.bytes());
    default:
      return decode(type as MessageName, r.message());
  }
}

function readPacked(r: Reader, out: number[]): void {
  while (!r.done) out.push(r.int());
}

function zeroOf(type: string): unknown {
  if (type === "int") return 0;
  if (type === "bool") return false;
  if (type === "id" || type === "uid") return "0";
  if (type === "string") return "";
  return type === "bytes" ? Buffer.alloc(0) : undefined;
}
