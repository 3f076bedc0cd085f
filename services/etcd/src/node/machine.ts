import {
  type DeleteOp,
  deleteRange,
  Lessor,
  type PutOp,
  put,
  type SlabFile,
  Store,
  type TxnOp,
  type TxnResult,
  txn,
  type Version,
  WatchHub,
} from "@flotilla/mvcc";
import type { NodeId } from "@flotilla/raft";
import { Authorizer } from "../auth/authorize.ts";
import { type AuthCommand, applyAuth, type TokenSink } from "../auth/commands.ts";
import { readSigned } from "../auth/signed.ts";
import { AuthStore } from "../auth/store.ts";
import { type AuthInfo, NOBODY } from "../auth/types.ts";
import type { Command, CommandKind } from "../codec/command.ts";
import { compactOf, deleteOf, putOf, txnOf } from "../codec/kv-requests.ts";
import { decode } from "../codec/tables.ts";
import { rpcError } from "./errors.ts";
import type { Member } from "./members.ts";

export const NOSPACE = 1;
export const CORRUPT = 2;
export const ALARM_NAMES = ["NONE", "NOSPACE", "CORRUPT"] as const;

/** With this alarm nothing is written until somebody has looked. */
const REFUSED_WHEN_CORRUPT: ReadonlySet<CommandKind> = new Set([
  "put",
  "delete",
  "txn",
  "compact",
  "lease-grant",
  "lease-revoke",
  "lease-expire",
]);

/** A command's result, for the member whose client waits for it. */
export type Result =
  | { kind: "put"; prev: Version | undefined }
  | { kind: "delete"; deleted: number; prev: Version[] }
  | { kind: "txn"; txn: TxnResult }
  | { kind: "lease-grant"; id: string; ttl_s: number }
  | { kind: "token"; token: string }
  | { kind: "done" };

/** A membership entry's payload. */
export interface ConfEntry {
  readonly steps: readonly { op: "add-voter" | "add-learner" | "remove"; id: NodeId }[];
  readonly member?: Member;
  readonly origin: NodeId;
  readonly sequence: number;
}

/** What a member says of itself once it runs, and what MemberUpdate changes. */
export interface PublishEntry {
  readonly id: NodeId;
  readonly name?: string;
  readonly clientURLs?: readonly string[];
  readonly peerURLs?: readonly string[];
  readonly dataId?: string;
}

export interface AlarmEntry {
  readonly memberId: NodeId;
  readonly alarm: number;
  readonly on: boolean;
}

/**
 * The replicated state: keys, leases, members, alarms, users. Commands change it, in
 * log order, the same on every member; nothing else does. Invariant: given the
 * same commands, `apply` leaves the same state and gives the same results,
 * whatever the time is and whoever asks.
 */
export class Machine {
  store: Store;
  lessor: Lessor;
  members = new Map<NodeId, Member>();
  /** Ids that must never come back (a removed member's log must not vote again). */
  removed = new Set<NodeId>();
  /** member id → alarms raised. */
  alarms = new Map<NodeId, Set<number>>();
  auth = new AuthStore();
  /** The version a downgrade was announced to; empty: none. */
  downgrade = "";
  /** What was done here since the start, for the metrics; not part of the state. */
  readonly counts = { puts: 0, deletes: 0, txns: 0, ranges: 0, granted: 0, revoked: 0, expired: 0 };
  /** Where tokens that are given out go; not part of the state. */
  tokens: TokenSink | undefined;
  applied = 0;
  appliedTerm = 0;
  readonly watch: WatchHub;
  readonly values: SlabFile | undefined;

  /** `values`: where values go that have no room in memory. */
  constructor(ttl_s_min: number, values?: SlabFile) {
    this.values = values;
    this.store = new Store({ file: values });
    this.lessor = new Lessor(ttl_s_min);
    this.watch = new WatchHub(this.store);
  }

  get hasNoSpace(): boolean {
    return this.hasAlarm(NOSPACE);
  }

  hasAlarm(alarm: number): boolean {
    for (const set of this.alarms.values()) if (set.has(alarm)) return true;
    return false;
  }

  /** `decoded` saves the proposer a second decoding. @throws StoreError, RpcError: the command's answer. */
  apply(command: Command, decoded: unknown, now_ms: number): Result {
    if (command.kind !== "signed") return this.run(command.kind, command.payload, decoded, now_ms, NOBODY);
    const { kind, payload, who } = readSigned(command.payload);
    return this.run(kind, payload, decoded, now_ms, who);
  }

  private run(kind: CommandKind, payload: Buffer, decoded: unknown, now_ms: number, who: AuthInfo): Result {
    if (this.alarms.size > 0 && REFUSED_WHEN_CORRUPT.has(kind) && this.hasAlarm(CORRUPT)) throw rpcError("corrupt");
    const rights = this.auth.enabled ? new Authorizer(this.auth, this.lessor, who) : undefined;
    switch (kind) {
      case "put": {
        const op = (decoded as PutOp) ?? putOf(payload);
        rights?.put(op);
        this.counts.puts++;
        this.refuseWhenFull();
        return { kind, ...put(this, op) };
      }
      case "delete": {
        const op = (decoded as DeleteOp) ?? deleteOf(payload);
        rights?.delete(op);
        this.counts.deletes++;
        return { kind, ...deleteRange(this, op) };
      }
      case "txn": {
        const op = (decoded as TxnOp) ?? txnOf(payload);
        rights?.txn(op);
        this.counts.txns++;
        if (this.hasNoSpace && writesValues(op)) throw rpcError("noSpace");
        return { kind, txn: txn(this, op) };
      }
      case "compact":
        this.store.compact(compactOf(payload).revision);
        return { kind: "done" };
      case "lease-grant": {
        this.refuseWhenFull();
        const { ID, TTL } = decode<{ ID: string; TTL: number }>("LeaseGrantRequest", payload);
        const lease = this.lessor.grant(ID, TTL, now_ms);
        this.counts.granted++;
        return { kind, id: lease.id, ttl_s: lease.ttl_s };
      }
      case "lease-revoke":
      case "lease-expire": {
        const { ID } = decode<{ ID: string }>("LeaseRevokeRequest", payload);
        if (kind === "lease-revoke") rights?.lease(ID);
        this.revoke(ID);
        this.counts[kind === "lease-revoke" ? "revoked" : "expired"]++;
        return { kind: "done" };
      }
      case "publish":
        this.publish(JSON.parse(payload.toString()) as PublishEntry);
        return { kind: "done" };
      case "alarm":
        this.setAlarm(JSON.parse(payload.toString()) as AlarmEntry);
        return { kind: "done" };
      case "auth": {
        const token = applyAuth(this.auth, JSON.parse(payload.toString()) as AuthCommand, who, this.applied, this.tokens);
        return token === "" ? { kind: "done" } : { kind: "token", token };
      }
      case "downgrade":
        this.auth.requireAdmin(who);
        this.downgrade = (JSON.parse(payload.toString()) as { target: string }).target;
        return { kind: "done" };
      case "signed":
        throw new Error("a signed command holds another one");
    }
  }

  /** A committed membership change; the caller tells Raft. */
  applyConf({ steps, member }: ConfEntry): void {
    for (const { op, id } of steps) {
      if (op === "remove") {
        this.members.delete(id);
        this.alarms.delete(id);
        this.removed.add(id);
        continue;
      }
      const known = this.members.get(id) ?? member;
      if (known) this.members.set(id, { ...known, isLearner: op === "add-learner" });
    }
  }

  /** Takes over another machine's state: one that was read from a snapshot. */
  become(other: Machine): void {
    this.store.discard();
    this.store = other.store;
    this.lessor = other.lessor;
    this.members = other.members;
    this.removed = other.removed;
    this.alarms = other.alarms;
    this.auth = other.auth;
    this.downgrade = other.downgrade;
    this.applied = other.applied;
    this.appliedTerm = other.appliedTerm;
    this.watch.rebase(this.store);
  }

  private revoke(id: string): void {
    const keys = this.lessor.revoke(id);
    this.store.begin();
    for (const key of keys) {
      const v = this.store.get(key);
      if (v) this.store.delete(v);
    }
    this.store.commit();
  }

  private publish(entry: PublishEntry): void {
    const member = this.members.get(entry.id);
    if (!member) return;
    const { name = member.name, clientURLs = member.clientURLs, peerURLs = member.peerURLs, dataId = member.dataId } = entry;
    this.members.set(entry.id, { ...member, name, clientURLs, peerURLs, dataId });
  }

  private setAlarm({ memberId, alarm, on }: AlarmEntry): void {
    const set = this.alarms.get(memberId) ?? new Set<number>();
    if (on) set.add(alarm);
    else set.delete(alarm);
    if (set.size > 0) this.alarms.set(memberId, set);
    else this.alarms.delete(memberId);
  }

  private refuseWhenFull(): void {
    if (this.hasNoSpace) throw rpcError("noSpace");
  }
}

function writesValues(op: TxnOp): boolean {
  return [...op.success, ...op.failure].some((o) => o.kind === "put" || (o.kind === "txn" && writesValues(o.txn)));
}
