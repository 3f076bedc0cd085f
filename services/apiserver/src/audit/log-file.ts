import { close, createReadStream, createWriteStream, existsSync, fstatSync, mkdirSync, openSync, write } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Clock } from "@flotilla/base";

export interface LogFileOptions {
  /** "-" for standard output. */
  path: string;
  /** 0: never rotate. */
  maxSize_bytes: number;
  /** Rotated files kept; 0: all. */
  maxBackups: number;
  /** Rotated files older than this go; 0: none. */
  maxAge_ms: number;
  /** Rotated files are compressed. */
  compress: boolean;
}

interface Waiting {
  bytes: Buffer;
  resolve(): void;
  reject(error: Error): void;
}

/** Lines that go to the disk in one piece. */
const PIECE_BYTES_MAX = 1024 * 1024;
const BACKUP_TIME = /-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3})$/;
const STDOUT = 1;
const writeFully = promisify(write);
const closeFile = promisify(close);

/**
 * A file of lines that turns itself over: name-TIME.ext is full, name.ext is written (as lumberjack, which upstream
 * uses, names them). A full disk costs the lines that do not fit, not the process.
 * 1. Lines stand in the file in the order of the calls, each piece whole or reported lost.
 * 2. `fd` is open for appending at `path`; `size_bytes` is its length.
 */
export class LogFile {
  private readonly clock: Clock;
  private readonly options: LogFileOptions;
  private readonly waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private fd: number;
  private size_bytes: number;

  /** @throws Error when the file cannot be opened for writing. */
  constructor(clock: Clock, options: LogFileOptions) {
    this.clock = clock;
    this.options = options;
    const { path } = options;
    if (path !== "-") mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    this.fd = path === "-" ? STDOUT : openSync(path, "a", 0o600);
    this.size_bytes = path === "-" ? 0 : fstatSync(this.fd).size;
  }

  /** Resolves when the lines were handed to the system. @throws Error when they could not be */
  write(lines: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes: Buffer.from(lines), resolve, reject });
      this.writing ??= this.writeAll();
    });
  }

  async close(): Promise<void> {
    await this.writing;
    if (this.options.path !== "-") await closeFile(this.fd);
  }

  private async writeAll(): Promise<void> {
    // Let the lines of this turn of the event loop gather.
    await undefined;
    while (this.waiting.length > 0) {
      const piece = this.takePiece();
      try {
        await this.append(Buffer.concat(piece.map(({ bytes }) => bytes)));
        for (const { resolve } of piece) resolve();
      } catch (error) {
        for (const { reject } of piece) reject(error as Error);
      }
    }
    this.writing = undefined;
  }

  /** As many lines as fit into a piece and into the file; always one. */
  private takePiece(): Waiting[] {
    const { maxSize_bytes } = this.options;
    const room = maxSize_bytes > 0 ? Math.max(0, maxSize_bytes - this.size_bytes) || maxSize_bytes : PIECE_BYTES_MAX;
    let size = 0;
    let count = 0;
    for (const { bytes } of this.waiting) {
      size += bytes.length;
      if (count > 0 && size > Math.min(room, PIECE_BYTES_MAX)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async append(bytes: Buffer): Promise<void> {
    const { maxSize_bytes } = this.options;
    if (maxSize_bytes > 0 && this.size_bytes > 0 && this.size_bytes + bytes.length > maxSize_bytes) await this.rotate();
    for (let offset = 0; offset < bytes.length; ) {
      const { bytesWritten } = await writeFully(this.fd, bytes, offset, bytes.length - offset, null);
      this.size_bytes += bytesWritten;
      offset += bytesWritten;
    }
  }

  private async rotate(): Promise<void> {
    const { path, compress } = this.options;
    if (path === "-") return;
    const backup = this.backupName();
    await rename(path, backup);
    const full = this.fd;
    this.fd = openSync(path, "a", 0o600);
    this.size_bytes = 0;
    await closeFile(full);
    // The lines are safe already: what fails here is put right with the next turn.
    if (compress) await compressed(backup).catch(() => {});
    await this.prune().catch(() => {});
  }

  /** A time that no other backup has: two turns in one millisecond must not overwrite each other. */
  private backupName(): string {
    const { path } = this.options;
    const extension = extname(path);
    const stem = path.slice(0, path.length - extension.length);
    for (let at_ms = this.clock.now(); ; at_ms++) {
      const name = `${stem}-${new Date(at_ms).toISOString().replaceAll(":", "-").slice(0, -1)}${extension}`;
      if (!existsSync(name) && !existsSync(`${name}.gz`)) return name;
    }
  }

  private async prune(): Promise<void> {
    const { path, maxBackups, maxAge_ms } = this.options;
    const extension = extname(path);
    const stem = basename(path, extension);
    const backups = (await readdir(dirname(path))).flatMap((name) => {
      const plain = name.endsWith(".gz") ? name.slice(0, -3) : name;
      const [, time] = BACKUP_TIME.exec(basename(plain, extension)) ?? [];
      return time && plain === `${stem}-${time}${extension}` ? [{ name, time }] : [];
    });
    const newestFirst = backups.sort((a, b) => (a.time < b.time ? 1 : -1));
    for (const [index, { name, time }] of newestFirst.entries()) {
      const written_ms = Date.parse(`${time.slice(0, 10)}T${time.slice(11).replace(/^(\d\d)-(\d\d)-/, "$1:$2:")}Z`);
      const tooMany = maxBackups > 0 && index >= maxBackups;
      const tooOld = maxAge_ms > 0 && this.clock.now() - written_ms > maxAge_ms;
      if (tooMany || tooOld) await rm(join(dirname(path), name), { force: true });
    }
  }
}

async function compressed(path: string): Promise<void> {
  const { createGzip } = await import("node:zlib");
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz`, { mode: 0o600 }));
  await rm(path);
}
