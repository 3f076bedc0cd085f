import { assert } from "@flotilla/base";
import type { Entry, HardState } from "@flotilla/raft";
import { type Disk, type DiskFile, pathOf } from "./disk.ts";
import { encodeRecord, markSyncedBefore } from "./record.ts";
import { RecordBuffer } from "./record-buffer.ts";

/** Record types of the log. Numbers are part of the format. */
export const WAL = { meta: 1, entry: 2, hardState: 3, restore: 4 } as const;

export interface WalMeta {
  readonly memberId: string;
  readonly clusterId: string;
  /** Drawn when the log was begun: a member with another one has lost its disk. Older logs have none. */
  readonly dataId?: string;
}

/** What one Ready wants written. */
export interface WalBatch {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /** A snapshot from the leader replaces all entries before this point. */
  readonly restored: { index: number; term: number } | undefined;
  readonly sync: boolean;
}

const ENTRY_HEADER_BYTES = 17;

interface Pending {
  records: RecordBuffer;
  done: (() => void)[];
  sync: boolean;
}

/**
 * The write-ahead log: segments of records, appended to and never changed.
 *
 * Owns the open segment. Batches are written in order; while one sync runs, the
 * next batches gather and share the following one (group commit). Invariants:
 *  1. a batch's callback runs after its records, and all before, are durable
 *     (those of a batch that asks for no sync: are written)
 *  2. after a failed write or sync nothing is written any more: what is on the
 *     disk is unknown then (fsyncgate), and the member must stop
 */
export class Wal {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly meta: WalMeta;
  private readonly segment_bytes_max: number;
  private readonly onFailure: (error: Error) => void;
  private file: DiskFile;
  private size_bytes: number;
  private sequence: number;
  private last = 0;
  private hardState: HardState | undefined;
  private pending: Pending = { records: new RecordBuffer(), done: [], sync: false };
  /** The buffer that is not gathering: it was written, or is being written. */
  private other = new RecordBuffer();
  private busy = false;
  private writing = Promise.resolve();
  private failed = false;
  /** Something is written that was not synced yet. */
  private dirty = false;
  /** How long syncs take, for the metrics. */
  onSync: () => () => void = () => () => {};

  constructor(
    options: WalOptions,
    file: DiskFile,
    at: { sequence: number; size_bytes: number; last: number; hardState: HardState | undefined },
  ) {
    this.disk = options.disk;
    this.folder = options.folder;
    this.meta = options.meta;
    this.segment_bytes_max = options.segment_bytes_max ?? 64 << 20;
    this.onFailure = options.onFailure;
    this.file = file;
    this.sequence = at.sequence;
    this.size_bytes = at.size_bytes;
    this.last = at.last;
    this.hardState = at.hardState;
  }

  /** True when nothing is being written. */
  get idle(): boolean {
    return !this.busy;
  }

  append(batch: WalBatch, done: () => void): void {
    if (this.failed) return;
    const { pending } = this;
    if (batch.restored) {
      pending.records.addBytes(WAL.restore, Buffer.from(JSON.stringify(batch.restored)));
      this.last = batch.restored.index;
    }
    for (const entry of batch.entries) addEntry(pending.records, entry);
    if (batch.entries.length > 0) this.last = batch.entries[batch.entries.length - 1]!.index;
    if (batch.hardState) {
      this.hardState = batch.hardState;
      pending.records.addBytes(WAL.hardState, encodeHardState(batch.hardState));
    }
    pending.sync ||= batch.sync;
    pending.done.push(done);
    if (!this.busy) this.writing = this.flush();
  }

  /** What was appended before is still written. */
  async close(): Promise<void> {
    await this.writing;
    this.failed = true;
    await this.file.close();
  }

  /** Segments that only hold entries up to `index` are not needed any more. */
  purge(index: number): void {
    const segments = this.disk.list(this.folder).filter((name) => name.endsWith(".wal"));
    for (let i = 0; i + 1 < segments.length; i++) {
      if (firstIndexOf(segments[i + 1]!) <= index + 1) this.disk.remove(pathOf(this.folder, segments[i]!));
    }
  }

  private async flush(): Promise<void> {
    this.busy = true;
    while (this.pending.done.length > 0) {
      const batch = this.pending;
      this.pending = { records: this.other, done: [], sync: false };
      this.other = batch.records;
      try {
        if (batch.records.length > 0) await this.write(batch.records.bytes, batch.sync);
        batch.records.clear();
      } catch (error) {
        this.failed = true;
        this.busy = false;
        this.onFailure(error as Error);
        return;
      }
      for (const done of batch.done) done();
    }
    this.busy = false;
  }

  private async write(bytes: Buffer, sync: boolean): Promise<void> {
    if (!this.dirty) markSyncedBefore(bytes);
    this.dirty = true;
    await this.file.append(bytes);
    if (sync) {
      const observed = this.onSync();
      await this.file.sync();
      this.dirty = false;
      observed();
    }
    this.size_bytes += bytes.length;
    if (this.size_bytes >= this.segment_bytes_max) await this.cut();
  }

  /** Starts the next segment. It opens with what a reader needs who begins there. */
  private async cut(): Promise<void> {
    await this.file.sync();
    this.dirty = false;
    await this.file.close();
    this.sequence++;
    const name = segmentName(this.sequence, this.last + 1);
    this.file = await createSegment(this.disk, this.folder, name, this.meta, this.hardState);
    this.size_bytes = 0;
  }
}

export interface WalOptions {
  disk: Disk;
  folder: string;
  meta: WalMeta;
  segment_bytes_max?: number | undefined;
  /** A write or sync has failed; the member cannot go on. */
  onFailure(error: Error): void;
}

export async function createWal(options: WalOptions, firstIndex: number, hardState: HardState | undefined): Promise<Wal> {
  options.disk.mkdir(options.folder);
  const file = await createSegment(options.disk, options.folder, segmentName(0, firstIndex), options.meta, hardState);
  return new Wal(options, file, { sequence: 0, size_bytes: 0, last: firstIndex - 1, hardState });
}

export async function createSegment(
  disk: Disk,
  folder: string,
  name: string,
  meta: WalMeta,
  hardState: HardState | undefined,
): Promise<DiskFile> {
  const file = await disk.open(pathOf(folder, name), 0);
  await file.append(encodeRecord(WAL.meta, Buffer.from(JSON.stringify(meta))));
  if (hardState) await file.append(encodeRecord(WAL.hardState, encodeHardState(hardState)));
  await file.sync();
  return file;
}

export const segmentName = (sequence: number, firstIndex: number) => `${hex(sequence)}-${hex(firstIndex)}.wal`;
export const firstIndexOf = (name: string) => Number.parseInt(name.slice(17, 33), 16);
export const sequenceOf = (name: string) => Number.parseInt(name.slice(0, 16), 16);
const hex = (n: number) => n.toString(16).padStart(16, "0");

function addEntry(records: RecordBuffer, { index, term, kind, data }: Entry): void {
  records.add(WAL.entry, ENTRY_HEADER_BYTES + data.length, (out, at) => {
    out.writeDoubleLE(index, at);
    out.writeDoubleLE(term, at + 8);
    out[at + 16] = kind === "conf" ? 1 : 0;
    out.set(data, at + ENTRY_HEADER_BYTES);
  });
}

export function decodeEntry(payload: Buffer): Entry {
  assert(payload.length >= ENTRY_HEADER_BYTES, "an entry record has a header");
  const kind = payload[16] === 1 ? "conf" : "normal";
  return { index: payload.readDoubleLE(0), term: payload.readDoubleLE(8), kind, data: payload.subarray(ENTRY_HEADER_BYTES) };
}

function encodeHardState({ term, vote, commit }: HardState): Buffer {
  const out = Buffer.allocUnsafe(24);
  out.writeDoubleLE(term, 0);
  out.writeDoubleLE(vote, 8);
  out.writeDoubleLE(commit, 16);
  return out;
}

export function decodeHardState(payload: Buffer): HardState {
  return { term: payload.readDoubleLE(0), vote: payload.readDoubleLE(8), commit: payload.readDoubleLE(16) };
}
