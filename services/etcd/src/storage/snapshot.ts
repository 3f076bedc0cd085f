import type { SlabFile, Store, Version } from "@flotilla/mvcc";
import type { SnapshotMeta } from "@flotilla/raft";
import { type AuthState, AuthStore } from "../auth/store.ts";
import { Machine } from "../node/machine.ts";
import type { Member } from "../node/members.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { encodeRecord, readRecord } from "./record.ts";

/**
 * A snapshot is a sequence of records: a header, the leases, the versions in
 * key order, and an end that says how many there were. The same form is a file
 * here, a stream to a slow follower, and what `etcdctl snapshot save` gets.
 */
const SNAPSHOT = { header: 101, leases: 102, versions: 103, end: 104 } as const;
const CHUNK_BYTES = 256 << 10;

export interface SnapshotHeader {
  readonly format: 1;
  readonly clusterId: string;
  readonly meta: SnapshotMeta;
  readonly revision: number;
  readonly compacted: number;
  readonly members: readonly Member[];
  readonly removed: readonly number[];
  readonly alarms: readonly [number, number[]][];
  /** Missing in snapshots of versions without users. */
  readonly auth?: AuthState;
  readonly downgrade?: string;
}

/**
 * The machine as it is at this call, in pieces. Between two pieces commands may
 * be applied; they do not show. Ends the hold on the store when read to the end
 * or returned.
 */
export function exportSnapshot(machine: Machine, meta: SnapshotMeta, clusterId: string): Generator<Buffer> {
  const { store } = machine;
  const { revision, compacted } = store;
  const header: SnapshotHeader = {
    format: 1,
    clusterId,
    meta,
    revision,
    compacted,
    members: [...machine.members.values()],
    removed: [...machine.removed],
    alarms: [...machine.alarms].map(([id, set]) => [id, [...set]]),
    auth: machine.auth.export(),
    downgrade: machine.downgrade,
  };
  const leases = [...machine.lessor.all()].map((l) => [l.id, l.ttl_s]);
  const release = store.hold();
  const pieces = (function* (): Generator<Buffer> {
    try {
      yield Buffer.alloc(0);
      yield encodeRecord(SNAPSHOT.header, Buffer.from(JSON.stringify(header)));
      if (leases.length > 0) yield encodeRecord(SNAPSHOT.leases, Buffer.from(JSON.stringify(leases)));
      let count = 0;
      for (let after: string | undefined; ; ) {
        const chunk = store.export(after, revision, CHUNK_BYTES);
        if (chunk.length === 0) break;
        after = chunk[chunk.length - 1]!.key;
        count += chunk.length;
        yield encodeRecord(SNAPSHOT.versions, encodeVersions(chunk));
      }
      yield encodeRecord(SNAPSHOT.end, Buffer.from(JSON.stringify({ versions: count })));
    } finally {
      release();
    }
  })();
  // Steps in, so that `return` lets go of the store even if nobody ever reads.
  pieces.next();
  return pieces;
}

/** Builds a machine piece by piece from a snapshot's bytes. */
export class SnapshotImporter {
  readonly machine: Machine;
  header: SnapshotHeader | undefined;
  private versions = 0;
  private finished = false;

  constructor(ttl_s_min: number, values?: SlabFile) {
    this.machine = new Machine(ttl_s_min, values);
  }

  get complete(): boolean {
    return this.finished;
  }

  /** Reads one record. Returns where the next begins, 0 when there is none. @throws Error naming the damage. */
  read(data: Buffer, offset: number): number {
    const record = readRecord(data, offset);
    if (record === "end") return 0;
    if (record === "torn" || record === "corrupt") throw new Error(`snapshot is ${record} at offset ${offset}`);
    try {
      this.take(record.type, record.payload);
    } catch (error) {
      throw new Error(`snapshot cannot be read at offset ${offset}: ${(error as Error).message}`);
    }
    return record.end;
  }

  private take(type: number, payload: Buffer): void {
    const { machine } = this;
    if (type === SNAPSHOT.header) {
      const header = JSON.parse(payload.toString()) as SnapshotHeader;
      this.header = header;
      machine.members = new Map(header.members.map((m) => [m.id, m]));
      machine.removed = new Set(header.removed);
      machine.alarms = new Map(header.alarms.map(([id, list]) => [id, new Set(list)]));
      machine.auth = AuthStore.from(header.auth);
      machine.downgrade = header.downgrade ?? "";
      machine.applied = header.meta.index;
      machine.appliedTerm = header.meta.term;
    } else if (!this.header) throw new Error("snapshot has no header");
    else if (type === SNAPSHOT.leases) {
      for (const [id, ttl_s] of JSON.parse(payload.toString()) as [string, number][]) machine.lessor.import(id, ttl_s);
    } else if (type === SNAPSHOT.versions) this.versions += decodeVersions(payload, machine.store);
    else if (type === SNAPSHOT.end) this.finish((JSON.parse(payload.toString()) as { versions: number }).versions);
  }

  private finish(versions: number): void {
    if (versions !== this.versions) throw new Error(`snapshot has ${this.versions} of ${versions} versions`);
    const { machine, header } = this;
    machine.store.finishImport(header!.revision, header!.compacted);
    machine.store.forEach({ key: "", end: "\0" }, 0, (v) => {
      if (v.lease !== "0" && machine.lessor.has(v.lease)) machine.lessor.attach(v.lease, v.key);
      return true;
    });
    this.finished = true;
  }
}

function encodeVersions(versions: readonly Version[]): Buffer {
  const w = new Writer(CHUNK_BYTES + (64 << 10));
  for (const v of versions) {
    w.message(0x0a, () => {
      w.latin1(0x0a, v.key)
        .bytes(0x12, v.bytes())
        .int(0x18, v.mod)
        .int(0x20, v.sub)
        .int(0x28, v.create)
        .int(0x30, v.version)
        .id(0x38, v.lease);
    });
  }
  return w.finish();
}

const NO_BYTES: Buffer = Buffer.alloc(0);

function decodeVersions(payload: Buffer, store: Store): number {
  const list = new Reader(payload);
  let count = 0;
  for (let tag = list.tag(); tag !== 0; tag = list.tag(), count++) {
    const v = { key: "", value: NO_BYTES, mod: 0, sub: 0, create: 0, version: 0, lease: "0" };
    const r = list.message();
    for (let field = r.tag(); field !== 0; field = r.tag()) {
      if (field === 0x0a) v.key = r.latin1();
      else if (field === 0x12) v.value = r.bytes();
      else if (field === 0x18) v.mod = r.int();
      else if (field === 0x20) v.sub = r.int();
      else if (field === 0x28) v.create = r.int();
      else if (field === 0x30) v.version = r.int();
      else if (field === 0x38) v.lease = r.id();
      else r.skip(field);
    }
    store.import(v);
  }
  return count;
}
