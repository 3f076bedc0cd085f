import type { Disk, DiskFile } from "../storage/disk.ts";
import type { World } from "./world.ts";

interface File {
  /** Appended to in pieces; joined when someone reads. */
  pieces: Buffer[];
  length: number;
  /** So much from the beginning is on the medium; what is behind may be lost. */
  durable_bytes: number;
}

const WRITE_MS = [0.02, 0.1] as const;
const SYNC_MS = [0.1, 2] as const;
const SECTOR_BYTES = 512;

/**
 * One machine's disk. It outlives processes. What was not synced when the power
 * goes survives in part: any prefix, its last sectors perhaps empty; when only
 * the process ends, the system still has it all.
 */
export class SimDisk {
  private readonly world: World;
  private readonly files = new Map<string, File>();
  /** Removed, but not for certain: the folder has not been synced since. */
  private readonly limbo = new Map<string, File>();
  private generation = 0;
  /** How many times slower than a good disk. */
  slowness = 1;
  /** A planted bug: says that it has synced before it has. */
  lies = false;
  /** Syncs fail from now on. */
  broken = false;

  constructor(world: World) {
    this.world = world;
  }

  /** The disk as one process has it: what it waits for when it ends never comes. */
  process(): Disk {
    const generation = ++this.generation;
    const alive = () => generation === this.generation;
    const work = ([from, to]: readonly [number, number]) =>
      new Promise<void>((resolve) => {
        if (alive()) this.world.after(this.world.between(from, to) * this.slowness, () => alive() && resolve());
      });
    return {
      mkdir() {},
      list: (path) => this.list(path),
      read: (path) => {
        const file = this.files.get(path);
        if (!file) throw new Error(`ENOENT: no such file, open '${path}'`);
        return Buffer.from(contents(file));
      },
      open: async (path, keep_bytes) => {
        const before = this.files.get(path);
        const old = before ? contents(before).subarray(0, keep_bytes) : Buffer.alloc(0);
        const file = fileOf(old);
        await work(SYNC_MS);
        this.files.set(path, file);
        this.limbo.clear();
        return this.handle(file, work);
      },
      rename: async (from, to) => {
        await work(WRITE_MS);
        const file = this.files.get(from);
        if (!file) throw new Error(`ENOENT: no such file, rename '${from}'`);
        this.files.delete(from);
        this.files.set(to, file);
        this.limbo.set(from, file);
        await work(SYNC_MS);
        this.limbo.clear();
      },
      remove: (path) => {
        if (alive()) this.remove(path);
      },
    };
  }

  /** The process has ended: what it was waiting for never answers. */
  processEnds(): void {
    this.generation++;
  }

  /** The power went: what was not synced is partly gone. */
  powerFails(): void {
    this.processEnds();
    const { world } = this;
    for (const file of this.files.values()) {
      const unsynced = file.length - file.durable_bytes;
      if (unsynced === 0) continue;
      const length = file.durable_bytes + Math.floor(world.random.next() * (unsynced + 1));
      const data = Buffer.from(contents(file).subarray(0, length));
      // The file's length may have come before its last sectors did.
      const from = Math.max(file.durable_bytes, Math.floor(length / SECTOR_BYTES) * SECTOR_BYTES);
      if (world.chance(0.3)) data.fill(0, from);
      Object.assign(file, fileOf(data));
    }
    for (const [path, file] of this.limbo) if (world.chance(0.5) && !this.files.has(path)) this.files.set(path, file);
    this.limbo.clear();
  }

  wipe(): void {
    this.files.clear();
    this.limbo.clear();
  }

  private list(path: string): string[] {
    const prefix = `${path}/`;
    return [...this.files.keys()]
      .filter((p) => p.startsWith(prefix) && !p.slice(prefix.length).includes("/"))
      .map((p) => p.slice(prefix.length))
      .sort();
  }

  private remove(path: string): void {
    for (const [name, file] of this.files) {
      if (name !== path && !name.startsWith(`${path}/`)) continue;
      this.files.delete(name);
      this.limbo.set(name, file);
    }
  }

  private handle(file: File, work: (range_ms: readonly [number, number]) => Promise<void>): DiskFile {
    return {
      append: async (data) => {
        await work(WRITE_MS);
        file.pieces.push(Buffer.from(data));
        file.length += data.length;
      },
      sync: async () => {
        const upTo = file.length;
        const synced = work(SYNC_MS).then(() => {
          if (this.broken) throw new Error("EIO: i/o error, fdatasync");
          file.durable_bytes = Math.max(file.durable_bytes, upTo);
        });
        if (!this.lies) return synced;
        synced.catch(() => {});
      },
      close: async () => {},
    };
  }
}

function contents(file: File): Buffer {
  if (file.pieces.length !== 1) file.pieces = [Buffer.concat(file.pieces)];
  return file.pieces[0]!;
}

const fileOf = (data: Buffer): File => ({ pieces: [Buffer.from(data)], length: data.length, durable_bytes: data.length });
