import type { AppendReply, Message, NodeId } from "@flotilla/raft";

/**
 * Gathers what one turn says to other members, so that each gets one frame. An
 * answer that says "I have everything up to 7" makes one for 5 superfluous:
 * under load that is most of them.
 */
export class Outbox {
  private messages: Message[] = [];
  private scheduled = false;
  private readonly send: (messages: readonly Message[]) => void;

  /** `send` runs at the end of the current turn of the microtask queue. */
  constructor(send: (messages: readonly Message[]) => void) {
    this.send = send;
  }

  add(messages: readonly Message[]): void {
    for (const m of messages) this.messages.push(m);
    if (this.scheduled || this.messages.length === 0) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.scheduled = false;
    const { messages } = this;
    this.messages = [];
    if (messages.length > 0) this.send(withoutSuperseded(messages));
  }
}

/** Leaves out accepted append answers that the next one to the same leader, in the same term, includes. */
export function withoutSuperseded(messages: readonly Message[]): readonly Message[] {
  const out: Message[] = [];
  /** The newest accepted answer to each leader: seen first, since we go from the end. */
  const newest = new Map<NodeId, AppendReply>();
  for (let i = messages.length - 1; i >= 0; i--) {
    const m = messages[i]!;
    if (m.type === "append-reply" && !m.rejected) {
      const later = newest.get(m.to);
      if (later && later.term === m.term && later.index >= m.index) continue;
      newest.set(m.to, m);
    }
    out.push(m);
  }
  return out.reverse();
}
