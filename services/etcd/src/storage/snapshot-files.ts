import type { Logger } from "@flotilla/base";
import type { SlabFile } from "@flotilla/mvcc";
import { type Disk, type DiskFile, pathOf } from "./disk.ts";
import { SnapshotImporter } from "./snapshot.ts";

/** Snapshots kept: the newest, and one to fall back to should it be unreadable. */
const KEPT = 2;

/** A snapshot cannot be trusted. Names file and place, and what to do. */
export class CorruptSnapshotError extends Error {
  override name = "CorruptSnapshotError";

  constructor(file: string, what: string) {
    super(
      `${file}: ${what}. This member's state is damaged; remove the member from the cluster, wipe its data directory and add it again.`,
    );
  }
}

/**
 * The folder of snapshot files, named by term and index. Files appear whole or
 * not at all: written under another name, synced, renamed.
 */
export class SnapshotFiles {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly log: Logger;
  private parts = 0;

  constructor(disk: Disk, folder: string, log: Logger) {
    this.disk = disk;
    this.folder = folder;
    this.log = log;
    disk.mkdir(folder);
    for (const name of disk.list(folder)) if (name.endsWith(".part")) disk.remove(pathOf(folder, name));
  }

  /** A file being written; `commit` makes it count, `abort` forgets it. */
  async create(index: number, term: number): Promise<SnapshotWriter> {
    const path = pathOf(this.folder, `${hex(term)}-${hex(index)}.snap`);
    // Its own, and one that comes from the leader, may be of the same entry and be written at the same time.
    const part = `${path}.${++this.parts}.part`;
    return new SnapshotWriter(this.disk, await this.disk.open(part, 0), part, path);
  }

  /**
   * The newest snapshot that reads well; undefined when there is none at all.
   * @throws CorruptSnapshotError when there are some and none can be read.
   */
  newest(ttl_s_min: number, values?: SlabFile): SnapshotImporter | undefined {
    let damage: CorruptSnapshotError | undefined;
    for (const name of this.names().reverse()) {
      const loaded = this.load(name, ttl_s_min, values);
      if (!(loaded instanceof CorruptSnapshotError)) return loaded;
      this.log.error("snapshot is unreadable, trying the one before", { error: loaded });
      damage ??= loaded;
    }
    if (damage) throw damage;
    return undefined;
  }

  /** Removes all but the newest few. Returns the index of the oldest one kept. */
  prune(): number {
    const names = this.names();
    const kept = names.slice(-KEPT);
    for (const name of names.slice(0, -KEPT)) this.disk.remove(pathOf(this.folder, name));
    return kept.length > 0 ? Number.parseInt(kept[0]!.slice(17, 33), 16) : 0;
  }

  private names(): string[] {
    return this.disk.list(this.folder).filter((name) => name.endsWith(".snap"));
  }

  private load(name: string, ttl_s_min: number, values?: SlabFile): SnapshotImporter | CorruptSnapshotError {
    const path = pathOf(this.folder, name);
    try {
      const data = this.disk.read(path);
      const importer = new SnapshotImporter(ttl_s_min, values);
      for (let at = importer.read(data, 0); at !== 0; ) at = importer.read(data, at);
      if (!importer.complete) throw new Error("snapshot has no end");
      return importer;
    } catch (error) {
      return new CorruptSnapshotError(path, (error as Error).message);
    }
  }
}

export class SnapshotWriter {
  private readonly disk: Disk;
  private readonly file: DiskFile;
  private readonly part: string;
  private readonly path: string;

  constructor(disk: Disk, file: DiskFile, part: string, path: string) {
    this.disk = disk;
    this.file = file;
    this.part = part;
    this.path = path;
  }

  write(piece: Buffer): Promise<void> {
    return this.file.append(piece);
  }

  async commit(): Promise<void> {
    await this.file.sync();
    await this.file.close();
    await this.disk.rename(this.part, this.path);
  }

  async abort(): Promise<void> {
    await this.file.close();
    this.disk.remove(this.part);
  }
}

const hex = (n: number) => n.toString(16).padStart(16, "0");
