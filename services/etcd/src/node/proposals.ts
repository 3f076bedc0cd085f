import type { RawNode } from "@flotilla/raft";
import { type CommandKind, encodeCommand } from "../codec/command.ts";
import { rpcError } from "./errors.ts";
import type { ConfEntry, Result } from "./machine.ts";

/** How long a client waits at most: etcd's five seconds and two election time-outs. */
export const REQUEST_TIMEOUT_MS = 7000;
const WAITING_MAX = 20_000;

export interface Pending {
  readonly sequence: number;
  readonly kind: "normal" | "conf";
  readonly data: Buffer;
  readonly decoded: unknown;
  readonly deadline_ms: number;
  /** The term it was handed to a leader in. */
  sentTerm: number;
  readonly done: (result: Result | Error) => void;
}

/**
 * Proposals on their way, from the client's call to the applied entry.
 *
 * They are handed to Raft once per turn, all together. Invariants:
 *  1. each is in `queue` (not handed out) or in `waiting` (handed out), until done
 *  2. none is handed out again unless the first copy can never be applied: a
 *     copy of term t is taken by t's leader alone, so once an entry of a later
 *     term has been applied, what has not come before it never will (Log Matching).
 *     Where a snapshot stands for entries nobody knows, and nothing is repeated
 */
export class Proposals {
  private queue: Pending[] = [];
  private readonly waiting = new Map<number, Pending>();
  private readonly self: number;
  private next: number;

  /** `boot` tells this run of the member apart from earlier ones, whose entries are still in the log. */
  constructor(self: number, boot: number) {
    this.self = self;
    this.next = boot * 2 ** 32;
  }

  /** How many had no answer in time. */
  failed = 0;

  get size(): number {
    return this.queue.length + this.waiting.size;
  }

  /** Is anything waiting to be handed out? */
  get queued(): boolean {
    return this.queue.length > 0;
  }

  submit(kind: CommandKind, payload: Buffer, decoded: unknown, now_ms: number, done: (result: Result | Error) => void): void {
    if (this.size >= WAITING_MAX) return done(rpcError("tooManyRequests"));
    const sequence = ++this.next;
    const data = encodeCommand(kind, this.self, sequence, payload);
    this.queue.push({ sequence, kind: "normal", data, decoded, deadline_ms: now_ms + REQUEST_TIMEOUT_MS, sentTerm: 0, done });
  }

  submitConf(entry: Omit<ConfEntry, "origin" | "sequence">, now_ms: number, done: (result: Result | Error) => void): void {
    const sequence = ++this.next;
    const data = Buffer.from(JSON.stringify({ ...entry, origin: this.self, sequence } satisfies ConfEntry));
    this.queue.push({ sequence, kind: "conf", data, decoded: undefined, deadline_ms: now_ms + REQUEST_TIMEOUT_MS, sentTerm: 0, done });
  }

  /** Hands everything that is due to Raft; what is not taken stays for the next turn. */
  flush(node: RawNode): void {
    if (this.queue.length === 0) return;
    const kept: Pending[] = [];
    const normal = this.queue.filter((p) => p.kind === "normal");
    this.send(node, normal, kept);
    for (const p of this.queue) if (p.kind === "conf") this.send(node, [p], kept);
    this.queue = kept;
  }

  /** The entry was applied here; undefined when nobody waits for it any more. */
  take(sequence: number): Pending | undefined {
    const pending = this.waiting.get(sequence);
    if (pending) this.waiting.delete(sequence);
    return pending;
  }

  /** The first entry of `term` is applied: what was sent in earlier terms and is still missing was lost. */
  termStarted(term: number): void {
    for (const p of this.waiting.values()) {
      if (p.sentTerm >= term) continue;
      this.waiting.delete(p.sequence);
      this.queue.push(p);
    }
  }

  /**
   * A snapshot took the place of entries up to `term`: what had been handed out by
   * then may be in it, or may be lost. Nobody here can tell, so it must not be
   * proposed again, and its client must hear that the outcome is unknown.
   */
  passedOver(term: number): void {
    for (const p of this.waiting.values()) {
      if (p.sentTerm > term) continue;
      this.waiting.delete(p.sequence);
      p.done(rpcError("timeoutLeaderFail"));
    }
  }

  expire(now_ms: number, currentTerm: number): void {
    this.queue = this.queue.filter((p) => {
      if (p.deadline_ms > now_ms) return true;
      this.fail(p, rpcError("timeoutLeaderFail"));
      return false;
    });
    for (const p of this.waiting.values()) {
      // Oldest first: the rest has time left.
      if (p.deadline_ms > now_ms) break;
      this.waiting.delete(p.sequence);
      this.fail(p, rpcError(p.sentTerm < currentTerm ? "timeoutLeaderFail" : "timeout"));
    }
  }

  failAll(error: Error): void {
    const all = [...this.queue, ...this.waiting.values()];
    this.queue = [];
    this.waiting.clear();
    for (const p of all) this.fail(p, error);
  }

  private fail(p: Pending, error: Error): void {
    this.failed++;
    p.done(error);
  }

  private send(node: RawNode, list: Pending[], kept: Pending[]): void {
    if (list.length === 0) return;
    const outcome = node.propose(list);
    if (outcome !== "appended" && outcome !== "forwarded") {
      kept.push(...list);
      return;
    }
    for (const p of list) {
      p.sentTerm = node.term;
      this.waiting.set(p.sequence, p);
    }
  }
}
