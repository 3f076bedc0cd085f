import type { Conf, Entry, Message, NodeId, Proposal, SnapshotMeta } from "@flotilla/raft";
import { Arena } from "../codec/arena.ts";
import { Reader, WireError } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** flotilla.raft.v1.Message, by hand: it carries every write. The tests compare it with the generated code. */

const TYPES = [
  undefined,
  "vote",
  "pre-vote",
  "vote-reply",
  "pre-vote-reply",
  "append",
  "append-reply",
  "heartbeat",
  "heartbeat-reply",
  "snapshot",
  "timeout-now",
  "read",
  "read-reply",
  "propose",
] as const;

const MESSAGE_BYTES = 64;
const ENTRY_BYTES = 32;

/** About what a batch takes, rather more than less. */
export function sizeOf(messages: readonly Message[]): number {
  let bytes = MESSAGE_BYTES;
  for (const m of messages) {
    bytes += MESSAGE_BYTES;
    if (m.type === "append") for (const e of m.entries) bytes += e.data.length + ENTRY_BYTES;
    else if (m.type === "propose") for (const p of m.proposals) bytes += p.data.length + ENTRY_BYTES;
  }
  return bytes;
}

export function writeBatch(w: Writer, messages: readonly Message[]): void {
  for (const m of messages) w.message(0x0a, () => writeMessage(w, m));
}

export function writeMessage(w: Writer, m: Message): void {
  w.int(0x08, TYPES.indexOf(m.type)).int(0x10, m.from).int(0x18, m.to).int(0x20, m.term);
  switch (m.type) {
    case "vote":
    case "pre-vote":
      w.int(0x28, m.lastIndex).int(0x30, m.lastTerm).bool(0x40, m.transfer);
      return;
    case "vote-reply":
    case "pre-vote-reply":
      w.bool(0x40, m.granted);
      return;
    case "append":
      w.int(0x28, m.prevIndex).int(0x30, m.prevTerm).int(0x38, m.commit);
      for (const e of m.entries) writeEntry(w, e);
      return;
    case "append-reply":
      w.int(0x28, m.index).bool(0x40, m.rejected).int(0x48, m.hintIndex).int(0x50, m.hintTerm);
      return;
    case "heartbeat":
      w.int(0x38, m.commit).int(0x58, m.readRound);
      return;
    case "heartbeat-reply":
      w.int(0x58, m.readRound);
      return;
    case "snapshot":
      w.message(0x6a, () => writeSnapshot(w, m.snapshot));
      return;
    case "timeout-now":
      return;
    case "read":
      w.int(0x58, m.id);
      return;
    case "read-reply":
      w.int(0x28, m.index).int(0x58, m.id);
      return;
    case "propose":
      w.int(0x58, m.id);
      for (const p of m.proposals) writeEntry(w, { index: 0, term: 0, ...p });
  }
}

function writeEntry(w: Writer, e: Entry): void {
  w.message(0x62, () => {
    w.int(0x08, e.index)
      .int(0x10, e.term)
      .bool(0x18, e.kind === "conf")
      .bytes(0x22, e.data);
  });
}

function writeSnapshot(w: Writer, { index, term, conf }: SnapshotMeta): void {
  w.int(0x08, index).int(0x10, term);
  const packed = (tag: number, ids: readonly NodeId[]) => {
    if (ids.length === 0) return;
    w.message(tag, () => {
      for (const id of ids) w.varint(id);
    });
  };
  packed(0x1a, conf.voters);
  packed(0x22, conf.outgoing);
  packed(0x2a, conf.learners);
  packed(0x32, conf.learnersNext);
}

/** From this size on a batch has memory of its own, which its entries then may keep. */
const OWN_BYTES_MIN = 4096;

/** Entries of a large batch are views into it: `bytes` must not change any more. */
export function readBatch(bytes: Buffer): Message[] {
  const keep = bytes.length >= OWN_BYTES_MIN;
  const r = new Reader(bytes);
  const out: Message[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) out.push(readMessage(r.message(), keep));
    else r.skip(tag);
  }
  return out;
}

interface Fields {
  type: number;
  from: number;
  to: number;
  term: number;
  index: number;
  logTerm: number;
  commit: number;
  flag: boolean;
  hintIndex: number;
  hintTerm: number;
  read: number;
  entries: Entry[];
  snapshot: SnapshotMeta | undefined;
}

export function readMessage(r: Reader, keep = false): Message {
  const f: Fields = {
    type: 0,
    from: 0,
    to: 0,
    term: 0,
    index: 0,
    logTerm: 0,
    commit: 0,
    flag: false,
    hintIndex: 0,
    hintTerm: 0,
    read: 0,
    entries: [],
    snapshot: undefined,
  };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) f.type = r.int();
    else if (tag === 0x10) f.from = r.int();
    else if (tag === 0x18) f.to = r.int();
    else if (tag === 0x20) f.term = r.int();
    else if (tag === 0x28) f.index = r.int();
    else if (tag === 0x30) f.logTerm = r.int();
    else if (tag === 0x38) f.commit = r.int();
    else if (tag === 0x40) f.flag = r.bool();
    else if (tag === 0x48) f.hintIndex = r.int();
    else if (tag === 0x50) f.hintTerm = r.int();
    else if (tag === 0x58) f.read = r.int();
    else if (tag === 0x62) f.entries.push(readEntry(r.message(), keep));
    else if (tag === 0x6a) f.snapshot = readSnapshot(r.message());
    else r.skip(tag);
  }
  return build(f);
}

function build(f: Fields): Message {
  const { from, to, term } = f;
  const type = TYPES[f.type];
  switch (type) {
    case "vote":
    case "pre-vote":
      return { type, from, to, term, lastIndex: f.index, lastTerm: f.logTerm, transfer: f.flag };
    case "vote-reply":
    case "pre-vote-reply":
      return { type, from, to, term, granted: f.flag };
    case "append":
      return { type, from, to, term, prevIndex: f.index, prevTerm: f.logTerm, commit: f.commit, entries: f.entries };
    case "append-reply":
      return { type, from, to, term, index: f.index, rejected: f.flag, hintIndex: f.hintIndex, hintTerm: f.hintTerm };
    case "heartbeat":
      return { type, from, to, term, commit: f.commit, readRound: f.read };
    case "heartbeat-reply":
      return { type, from, to, term, readRound: f.read };
    case "snapshot":
      if (!f.snapshot) throw new WireError("a snapshot message without its snapshot");
      return { type, from, to, term, snapshot: f.snapshot };
    case "timeout-now":
      return { type, from, to, term };
    case "read":
      return { type, from, to, term, id: f.read };
    case "read-reply":
      return { type, from, to, term, id: f.read, index: f.index };
    case "propose":
      return { type, from, to, term, id: f.read, proposals: f.entries.map(({ kind, data }): Proposal => ({ kind, data })) };
    case undefined:
      throw new WireError(`unknown message type ${f.type}`);
  }
}

function readEntry(r: Reader, keep: boolean): Entry {
  let index = 0;
  let term = 0;
  let conf = false;
  let data: Uint8Array = EMPTY;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) index = r.int();
    else if (tag === 0x10) term = r.int();
    else if (tag === 0x18) conf = r.bool();
    else if (tag === 0x22) data = keep ? r.bytes() : arena.copy(r.bytes());
    else r.skip(tag);
  }
  return { index, term, kind: conf ? "conf" : "normal", data };
}

const EMPTY = new Uint8Array(0);
const arena = new Arena();

function readSnapshot(r: Reader): SnapshotMeta {
  let index = 0;
  let term = 0;
  const lists: NodeId[][] = [[], [], [], []];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) index = r.int();
    else if (tag === 0x10) term = r.int();
    else if ((tag & 7) === 2 && tag >= 0x1a && tag <= 0x32) {
      const packed = r.message();
      while (!packed.done) lists[(tag >> 3) - 3]!.push(packed.int());
    } else r.skip(tag);
  }
  const [voters, outgoing, learners, learnersNext] = lists as [NodeId[], NodeId[], NodeId[], NodeId[]];
  const conf: Conf = { voters, outgoing, learners, learnersNext };
  return { index, term, conf };
}
