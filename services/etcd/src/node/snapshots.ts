import type { Logger } from "@flotilla/base";
import type { InstallSnapshot, NodeId, SnapshotMeta } from "@flotilla/raft";
import { startCall } from "../grpc/client.ts";
import { frame } from "../grpc/frames.ts";
import type { StreamCall } from "../grpc/server.ts";
import { Code, RpcError } from "../grpc/status.ts";
import { readMessage, writeMessage } from "../peer/codec.ts";
import { PEER_PATH } from "../peer/link.ts";
import type { PeerTransport } from "../peer/transport.ts";
import { exportSnapshot, SnapshotImporter } from "../storage/snapshot.ts";
import type { SnapshotFiles, SnapshotWriter } from "../storage/snapshot-files.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import type { Machine } from "./machine.ts";
import type { Replica } from "./replica.ts";

/** Entries kept in memory, so that a member a little behind needs no snapshot; half of them when there are too many. */
const LOG_ENTRIES_MAX = 20_000;
const LOG_BYTES_MAX = 24 << 20;

export interface SnapshotsOptions {
  readonly replica: Replica;
  readonly files: SnapshotFiles;
  readonly peers: PeerTransport;
  readonly log: Logger;
  readonly clusterId: string;
  readonly snapshotCount: number;
  readonly ttl_s_min: number;
  readonly purgeWal: (index: number) => void;
  readonly defer: (fn: () => void) => void;
  /** Index of the snapshot this member started from. */
  readonly from: number;
  /** Entries kept in memory at most (20,000). */
  readonly logEntries_max?: number | undefined;
}

/**
 * Snapshots in all three directions: to the own disk every `snapshotCount`
 * entries, to followers that need one, and from the leader. All are read and
 * written in pieces with other work in between.
 */
export class Snapshots {
  private readonly options: SnapshotsOptions;
  private last: number;
  private writing = false;
  private readonly sending = new Set<NodeId>();
  /** Read from the leader, waiting for Raft to take it. */
  private received: { index: number; machine: Machine } | undefined;

  constructor(options: SnapshotsOptions) {
    this.options = options;
    this.last = options.from;
  }

  /** Writes one when enough has been applied since the last. */
  applied(): void {
    const { replica, snapshotCount, log } = this.options;
    this.trimLog();
    if (this.writing || replica.machine.applied - this.last < snapshotCount) return;
    this.writing = true;
    this.write()
      .catch((error) => log.error("snapshot failed", { error }))
      .finally(() => {
        this.writing = false;
      });
  }

  /**
   * Bounds the log in memory. What goes is still on the own disk, and a follower
   * that would need it gets the present state instead.
   */
  private trimLog(): void {
    const { node, machine } = this.options.replica;
    const { offset, bytes } = node.log;
    const count = machine.applied - offset;
    if (count > (this.options.logEntries_max ?? LOG_ENTRIES_MAX) || (bytes > LOG_BYTES_MAX && count > 1))
      node.compact(offset + (count >> 1));
  }

  private meta(): SnapshotMeta {
    const { machine, node } = this.options.replica;
    return { index: machine.applied, term: machine.appliedTerm, conf: node.conf };
  }

  private async write(): Promise<void> {
    const { replica, files, log, purgeWal, clusterId } = this.options;
    const meta = this.meta();
    this.last = meta.index;
    const pieces = exportSnapshot(replica.machine, meta, clusterId);
    try {
      await this.copy(pieces, await files.create(meta.index, meta.term));
    } finally {
      pieces.return(undefined);
    }
    const oldest = files.prune();
    purgeWal(oldest);
    log.info("snapshot written", { index: meta.index, revision: replica.machine.store.revision });
  }

  private async copy(pieces: Generator<Buffer>, file: SnapshotWriter): Promise<void> {
    try {
      for (const piece of pieces) {
        await file.write(piece);
        await this.yield();
      }
      await file.commit();
    } catch (error) {
      await file.abort();
      throw error;
    }
  }

  /** Streams the present state to a follower whose entries are gone. */
  send(message: InstallSnapshot): void {
    const { to } = message;
    const { replica, log } = this.options;
    if (this.sending.has(to)) return;
    this.sending.add(to);
    const meta = this.meta();
    this.stream({ ...message, snapshot: meta })
      .then(
        () => {
          log.info("snapshot sent", { to, index: meta.index });
          replica.node.reportSnapshot(to, meta.index);
        },
        (error) => {
          log.warn("snapshot could not be sent", { to, error: (error as Error).message });
          replica.node.reportSnapshot(to, undefined);
        },
      )
      .finally(() => {
        this.sending.delete(to);
        replica.schedule();
      });
  }

  private async stream(message: InstallSnapshot): Promise<void> {
    const { peers, replica, clusterId } = this.options;
    const session = peers.session(message.to);
    if (!session) throw new Error("not connected");
    let drained = () => {};
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const call = startCall(
      session,
      `${PEER_PATH}/InstallSnapshot`,
      { "flotilla-cluster-id": clusterId },
      () => {},
      (error) => {
        drained();
        error ? reject(error) : resolve();
      },
    );
    call.onDrain = () => drained();
    const head = new Writer();
    head.message(0x0a, () => writeMessage(head, message));
    call.sendFramed(frame(head.finish()));
    const pieces = exportSnapshot(replica.machine, message.snapshot, clusterId);
    for (const piece of pieces) {
      if (!call.writable) {
        pieces.return(undefined);
        break;
      }
      const full = !call.sendFramed(frame(new Writer(piece.length + 16).bytes(0x12, piece).finish()));
      if (full) await new Promise<void>((next) => (drained = next));
      else await this.yield();
    }
    if (call.writable) call.end();
    await promise;
  }

  /** The follower's side: to the own disk and into a new machine, then to Raft. */
  receive(call: StreamCall): void {
    const { files, replica, log } = this.options;
    let message: InstallSnapshot | undefined;
    let file: Promise<SnapshotWriter> | undefined;
    const importer = new SnapshotImporter(this.options.ttl_s_min, this.options.replica.machine.values);
    let work: Promise<void> = Promise.resolve();
    const abort = () => void file?.then((f) => f.abort()).catch(() => {});
    const then = (step: () => Promise<void>) => {
      work = work.then(step);
      work.catch((error) => call.fail(error));
    };
    call.onMessage = (bytes) => {
      // The frame's memory is the connection's: take what is needed later.
      const piece = Buffer.from(bytes);
      then(async () => {
        const r = new Reader(piece);
        for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
          if (tag === 0x0a) {
            const m = readMessage(r.message());
            if (m.type !== "snapshot") throw new RpcError(Code.INVALID_ARGUMENT, "not a snapshot");
            message = m;
            file = files.create(m.snapshot.index, m.snapshot.term);
          } else if (tag === 0x12 && file) {
            const record = r.bytes();
            await (await file).write(record);
            for (let at = importer.read(record, 0); at !== 0; ) at = importer.read(record, at);
          } else r.skip(tag);
        }
      });
    };
    call.onEnd = () =>
      then(async () => {
        if (!message || !file || !importer.complete) {
          abort();
          throw new RpcError(Code.DATA_LOSS, "the snapshot is incomplete");
        }
        await (await file).commit();
        file = undefined;
        this.received = { index: message.snapshot.index, machine: importer.machine };
        log.info("snapshot received", { index: message.snapshot.index });
        replica.step([message]);
        call.send(Buffer.alloc(0));
        call.end();
      });
    call.onClose = () => {
      if (!importer.complete) abort();
    };
  }

  takeInstalled(index: number): Machine {
    const { received } = this;
    if (received?.index !== index) throw new Error(`Raft took a snapshot at ${index} that is not here`);
    this.received = undefined;
    this.last = index;
    return received.machine;
  }

  private yield(): Promise<void> {
    return new Promise((resolve) => this.options.defer(resolve));
  }
}
