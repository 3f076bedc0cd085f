import type { Entry, HardState } from "@flotilla/raft";
import { pathOf } from "./disk.ts";
import { readRecord } from "./record.ts";
import { decodeEntry, decodeHardState, firstIndexOf, sequenceOf, WAL, Wal, type WalMeta, type WalOptions } from "./wal.ts";

/** The log cannot be trusted. Names file and offset, and what to do. */
export class CorruptLogError extends Error {
  override name = "CorruptLogError";

  constructor(file: string, offset_bytes: number, what: string) {
    super(
      `${file}: ${what} at offset ${offset_bytes}. This member's log is damaged; remove the member from the cluster, ` +
        "wipe its data directory and add it again.",
    );
  }
}

export interface WalContents {
  readonly meta: WalMeta;
  readonly hardState: HardState | undefined;
  /** Entries after the snapshot, without a gap. */
  readonly entries: Entry[];
}

/**
 * Reads the log after the snapshot at `after`, cuts a torn end off, and opens
 * it for appending. undefined when there is no log.
 * @throws CorruptLogError for damage anywhere but in a torn last write.
 */
export async function openWal(options: Omit<WalOptions, "meta">, after: number): Promise<{ wal: Wal; contents: WalContents } | undefined> {
  const { disk, folder } = options;
  const all = disk.list(folder).filter((name) => name.endsWith(".wal"));
  if (all.length === 0) return undefined;
  // A segment is needed when it may hold an entry after the snapshot.
  const first = all.findLastIndex((name) => firstIndexOf(name) <= after + 1);
  const names = all.slice(Math.max(0, first));
  const state: { meta?: WalMeta; hardState?: HardState; entries: Entry[]; last: number } = { entries: [], last: after };
  let good_bytes = 0;
  for (const [i, name] of names.entries()) {
    if (i > 0 && sequenceOf(name) !== sequenceOf(names[i - 1]!) + 1) throw new CorruptLogError(name, 0, "the segment before is missing");
    good_bytes = readSegment(disk.read(pathOf(folder, name)), pathOf(folder, name), i === names.length - 1, after, state);
  }
  const lastName = names[names.length - 1]!;
  if (!state.meta) {
    // The very first segment was cut short while it was created: nothing was acknowledged from it.
    if (names.length > 1 || all.length > 1) throw new CorruptLogError(lastName, 0, "no metadata");
    disk.remove(pathOf(folder, lastName));
    return undefined;
  }
  const file = await disk.open(pathOf(folder, lastName), good_bytes);
  const { meta, hardState, entries, last } = state;
  const at = { sequence: sequenceOf(lastName), size_bytes: good_bytes, last, hardState };
  return { wal: new Wal({ ...options, meta }, file, at), contents: { meta, hardState, entries } };
}

/** Returns how many bytes of the segment are good. */
function readSegment(
  data: Buffer,
  file: string,
  isLast: boolean,
  after: number,
  state: { meta?: WalMeta; hardState?: HardState; entries: Entry[]; last: number },
): number {
  let offset = 0;
  for (;;) {
    const record = readRecord(data, offset);
    if (record === "end") return offset;
    if (record === "torn" && isLast) return offset;
    if (record === "torn") throw new CorruptLogError(file, offset, "an incomplete record before the end of the log");
    if (record === "corrupt") throw new CorruptLogError(file, offset, "a record whose checksum does not match");
    switch (record.type) {
      case WAL.meta:
        state.meta = JSON.parse(record.payload.toString()) as WalMeta;
        break;
      case WAL.hardState:
        state.hardState = decodeHardState(record.payload);
        break;
      case WAL.restore:
        state.entries.length = 0;
        state.last = Math.max(after, (JSON.parse(record.payload.toString()) as { index: number }).index);
        break;
      case WAL.entry:
        place(state, decodeEntry(record.payload), after, file, offset);
        break;
      default:
        throw new CorruptLogError(file, offset, `a record of unknown type ${record.type}`);
    }
    offset = record.end;
  }
}

/** A later entry of the same index replaces the one before and all behind it. */
function place(state: { entries: Entry[]; last: number }, entry: Entry, after: number, file: string, offset: number): void {
  if (entry.index <= after) return;
  const at = entry.index - after - 1;
  if (at > state.entries.length) throw new CorruptLogError(file, offset, `entry ${entry.index} follows ${after + state.entries.length}`);
  state.entries.length = at;
  state.entries.push(entry);
  state.last = entry.index;
}
