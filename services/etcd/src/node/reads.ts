import type { RawNode } from "@flotilla/raft";
import { rpcError } from "./errors.ts";
import { REQUEST_TIMEOUT_MS } from "./proposals.ts";

type Callback = (error: Error | undefined) => void;

interface Waiting {
  readonly run: Callback;
  readonly deadline_ms: number;
}

const RETRY_MS = 250;

/**
 * Linearizable reads, many per round: while one read index is being asked for,
 * later reads gather for the next (they could not share the running one: it
 * may be older than they are).
 */
export class Reads {
  private queue: Waiting[] = [];
  private round: { id: number; reads: Waiting[]; sent_ms: number } | undefined;
  private confirmed: { index: number; reads: Waiting[] }[] = [];
  private next: number;

  constructor(boot: number) {
    this.next = boot * 2 ** 20;
  }

  request(now_ms: number, run: Callback): void {
    this.queue.push({ run, deadline_ms: now_ms + REQUEST_TIMEOUT_MS });
  }

  flush(node: RawNode, now_ms: number): void {
    if (this.queue.length === 0 || this.round) return;
    const id = ++this.next;
    if (!node.readIndex(id)) return;
    this.round = { id, reads: this.queue, sent_ms: now_ms };
    this.queue = [];
  }

  /** Raft's answer. */
  indexed(id: number, index: number): void {
    if (this.round?.id !== id) return;
    this.confirmed.push({ index, reads: this.round.reads });
    this.round = undefined;
  }

  /** Everything up to `index` is applied. */
  release(index: number): void {
    while (this.confirmed.length > 0 && this.confirmed[0]!.index <= index) {
      for (const read of this.confirmed.shift()!.reads) read.run(undefined);
    }
  }

  /** Asks again when the answer did not come: the leader may have gone. */
  tick(now_ms: number): void {
    if (this.round && now_ms - this.round.sent_ms >= RETRY_MS) this.restart();
    const late = this.queue.filter((r) => r.deadline_ms <= now_ms);
    if (late.length === 0) return;
    this.queue = this.queue.filter((r) => r.deadline_ms > now_ms);
    for (const r of late) r.run(rpcError("timeout"));
  }

  /** The leader has changed: what was asked of the old one is asked again at once. */
  restart(): void {
    if (!this.round) return;
    this.queue = [...this.round.reads, ...this.queue];
    this.round = undefined;
  }

  failAll(error: Error): void {
    const all = [...this.queue, ...(this.round?.reads ?? []), ...this.confirmed.flatMap((c) => c.reads)];
    this.queue = [];
    this.round = undefined;
    this.confirmed = [];
    for (const r of all) r.run(error);
  }
}
