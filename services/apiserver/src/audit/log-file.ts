import { createWriteStream, mkdirSync, readdirSync, renameSync, rmSync, statSync, type WriteStream } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
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
}

/** Lines that wait for the disk; beyond it the caller waits. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const BACKUP_TIME = /-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3})$/;

/** A file of lines that turns itself over: name-TIME.ext is full, name.ext is written (as lumberjack, which upstream uses, names them). */
export class LogFile {
  private readonly clock: Clock;
  private readonly options: LogFileOptions;
  private stream: NodeJS.WritableStream & { writableLength?: number };
  private size_bytes = 0;

  /** @throws Error when the file cannot be opened for writing. */
  constructor(clock: Clock, options: LogFileOptions) {
    this.clock = clock;
    this.options = options;
    this.stream = this.open();
  }

  /** Resolves when the line was handed to the system. */
  write(line: string): Promise<void> {
    const bytes = Buffer.from(line);
    const { maxSize_bytes } = this.options;
    if (maxSize_bytes > 0 && this.size_bytes > 0 && this.size_bytes + bytes.length > maxSize_bytes) this.rotate();
    this.size_bytes += bytes.length;
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  get overflowing(): boolean {
    return (this.stream.writableLength ?? 0) > WAITING_BYTES_MAX;
  }

  close(): Promise<void> {
    if (this.options.path === "-") return Promise.resolve();
    return new Promise((resolve) => (this.stream as WriteStream).end(() => resolve()));
  }

  private open(): NodeJS.WritableStream {
    const { path } = this.options;
    if (path === "-") return process.stdout;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    this.size_bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return createWriteStream(path, { flags: "a", mode: 0o600 });
  }

  private rotate(): void {
    const { path } = this.options;
    if (path === "-") return;
    (this.stream as WriteStream).end();
    const time = new Date(this.clock.now()).toISOString().replaceAll(":", "-").slice(0, -1);
    const extension = extname(path);
    renameSync(path, `${path.slice(0, path.length - extension.length)}-${time}${extension}`);
    this.stream = this.open();
    this.prune();
  }

  private prune(): void {
    const { path, maxBackups, maxAge_ms } = this.options;
    const extension = extname(path);
    const stem = basename(path, extension);
    const newestFirst = readdirSync(dirname(path))
      .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension) && BACKUP_TIME.test(basename(name, extension)))
      .sort()
      .reverse();
    newestFirst.forEach((name, index) => {
      const [, time = ""] = BACKUP_TIME.exec(basename(name, extension)) ?? [];
      const written_ms = Date.parse(`${time.slice(0, 10)}T${time.slice(11).replace(/^(\d\d)-(\d\d)-/, "$1:$2:")}Z`);
      const tooMany = maxBackups > 0 && index >= maxBackups;
      const tooOld = maxAge_ms > 0 && this.clock.now() - written_ms > maxAge_ms;
      if (tooMany || tooOld) rmSync(join(dirname(path), name), { force: true });
    });
  }
}
