import type { Entry, HardState } from "@flotilla/raft";
import { pathOf } from "./disk.ts";
import { type DiskRecord, readRecord, syncedBehind } from "./record.ts";
import { createSegment, decodeEntry, decodeHardState, firstIndexOf, sequenceOf, WAL, Wal, type WalMeta, type WalOptions } from "./wal.ts";

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

/** What reading has found so far. */
interface Found {
  meta?: WalMeta;
  hardState?: HardState;
  entries: Entry[];
  last: number;
}

/**
 * Reads the log after the snapshot at `after`, cuts a torn end off, and opens
 * it for appending. undefined when there is no log.
 * What it has read is synced before anything rests on it: the process before
 * may have ended between a write and its sync.
 * @throws CorruptLogError for damage anywhere but in a torn last write.
 */
export async function openWal(options: Omit<WalOptions, "meta">, after: number): Promise<{ wal: Wal; contents: WalContents } | undefined> {
  const { disk, folder } = options;
  const all = disk.list(folder).filter((name) => name.endsWith(".wal"));
  if (all.length === 0) return undefined;
  // A segment is needed when it may hold an entry after the snapshot.
  const first = all.findLastIndex((name) => firstIndexOf(name) <= after + 1);
  const names = all.slice(Math.max(0, first));
  const state: Found = { entries: [], last: after };
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
  const { meta, hardState, entries, last } = state;
  const lost = (hardState?.commit ?? 0) > Math.max(after, last);
  if (lost)
    throw new CorruptLogError(
      pathOf(folder, lastName),
      good_bytes,
      `the log ends at entry ${last}, before the commit ${hardState!.commit},`,
    );
  // A segment that was cut short at its beginning opens as every segment must.
  const file =
    good_bytes === 0 ? await createSegment(disk, folder, lastName, meta, hardState) : await disk.open(pathOf(folder, lastName), good_bytes);
  await file.sync();
  const at = { sequence: sequenceOf(lastName), size_bytes: good_bytes, last, hardState };
  return { wal: new Wal({ ...options, meta }, file, at), contents: { meta, hardState, entries } };
}

/** Returns how many bytes of the segment are good. */
function readSegment(data: Buffer, file: string, isLast: boolean, after: number, state: Found): number {
  let offset = 0;
  let begun = false;
  for (;;) {
    const record = readRecord(data, offset);
    if (record === "end") return offset;
    if (record === "torn" && isLast && !syncedBehind(data, offset)) return begun ? offset : 0;
    if (record === "torn") throw new CorruptLogError(file, offset, "an incomplete record before the end of the log");
    if (record === "corrupt") throw new CorruptLogError(file, offset, "a record whose checksum does not match");
    begun ||= record.type !== WAL.meta;
    take(state, record, after, file, offset);
    offset = record.end;
  }
}

function take(state: Found, { type, payload }: DiskRecord, after: number, file: string, offset: number): void {
  try {
    if (type === WAL.meta) state.meta = JSON.parse(payload.toString()) as WalMeta;
    else if (type === WAL.hardState) state.hardState = decodeHardState(payload);
    else if (type === WAL.restore) restore(state, (JSON.parse(payload.toString()) as { index: number }).index, after, file, offset);
    else if (type === WAL.entry) place(state, decodeEntry(payload), after, file, offset);
    else throw new CorruptLogError(file, offset, `a record of unknown type ${type}`);
  } catch (error) {
    // A right checksum over what cannot be read: another version's, or somebody's handiwork.
    throw error instanceof CorruptLogError ? error : new CorruptLogError(file, offset, `an unreadable record of type ${type}`);
  }
}

/** A snapshot has replaced all before it; it is on the disk before the log says so. */
function restore(state: Found, index: number, after: number, file: string, offset: number): void {
  if (index > after)
    throw new CorruptLogError(file, offset, `the snapshot of entry ${index} is missing or damaged: the log goes on behind it`);
  state.entries.length = 0;
  state.last = after;
}

/** A later entry of the same index replaces the one before and all behind it. */
function place(state: Found, entry: Entry, after: number, file: string, offset: number): void {
  if (entry.index <= after) return;
  const at = entry.index - after - 1;
  if (at > state.entries.length) throw new CorruptLogError(file, offset, `entry ${entry.index} follows ${after + state.entries.length}`);
  state.entries.length = at;
  state.entries.push(entry);
  state.last = entry.index;
}
