import { watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { type Clock, sleep } from "@flotilla/base";
import { parseLogLine } from "./log-format.ts";

export interface LogOptions {
  follow: boolean;
  timestamps: boolean;
  /** Milliseconds since the epoch; lines before it are left out. */
  since_ms?: number;
  tailLines?: number;
  limitBytes?: number;
}

export interface LogPorts {
  clock: Clock;
  /** Whether the container may still write. */
  running(): Promise<boolean>;
  /** Resolves when the reader can take more. */
  write(data: Buffer): Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;
const LINE_BYTES_MAX = 1024 * 1024;
const IDLE_MS = 500;

/** Streams a container's log file as kubectl logs wants it. Resolves at the end, or with the signal. */
export async function streamLog(path: string, options: LogOptions, ports: LogPorts, signal: AbortSignal): Promise<void> {
  let file = await open(path);
  try {
    const output = new Output(options, ports);
    let position = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
    while (!signal.aborted && !output.full) {
      const running = options.follow ? await ports.running() : false;
      position = await copy(file, position, output, signal);
      if (!options.follow || output.full) break;
      // What was written between the look at the container and the end of the file has been read by now.
      if (!running) break;
      await changed(path, file, position, ports.clock, signal);
      const rotated = await reopened(path, file);
      if (rotated) {
        await copy(file, position, output, signal);
        await file.close();
        file = rotated;
        position = 0;
      }
    }
    await output.end();
  } finally {
    await file.close();
  }
}

async function copy(file: FileHandle, from: number, output: Output, signal: AbortSignal): Promise<number> {
  let position = from;
  while (!signal.aborted && !output.full) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(CHUNK_BYTES), position });
    if (bytesRead === 0) break;
    position += bytesRead;
    await output.add(buffer.subarray(0, bytesRead));
  }
  return position;
}

/** Resolves when the file grows, or after a while: a watch may miss what a link hides. */
async function changed(path: string, file: FileHandle, position: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const wake = new AbortController();
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(path, () => wake.abort());
    watcher.on("error", () => wake.abort());
  } catch {
    // Rotated away: the time-out looks again.
  }
  if ((await file.stat()).size <= position) await sleep(clock, IDLE_MS, AbortSignal.any([wake.signal, signal]));
  watcher?.close();
}

async function reopened(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  const [now, held] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  return now && now.ino !== held.ino ? open(path).catch(() => undefined) : undefined;
}

/** Where the last `lines` lines begin, found from the end. */
export async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  let end = (await file.stat()).size;
  if (lines <= 0) return end;
  let seen = 0;
  const buffer = Buffer.alloc(CHUNK_BYTES);
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    await file.read({ buffer, position: start, length: end - start });
    for (let i = end - start - 1; i >= 0; i--) {
      // The newline that ends the last line does not begin another.
      if (buffer[i] === 0x0a && ++seen > lines) return start + i + 1;
    }
    end = start;
  }
  return 0;
}

/** Cuts bytes into lines, and writes those that are asked for. */
class Output {
  full = false;
  private rest: Buffer = Buffer.alloc(0);
  private left_bytes: number;
  private fresh = true;
  private readonly options: LogOptions;
  private readonly ports: LogPorts;

  constructor(options: LogOptions, ports: LogPorts) {
    this.options = options;
    this.ports = ports;
    this.left_bytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  async add(chunk: Buffer): Promise<void> {
    const data = this.rest.length ? Buffer.concat([this.rest, chunk]) : chunk;
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = data.indexOf(0x0a, from); at >= 0; at = data.indexOf(0x0a, from)) {
      this.line(data.subarray(from, at), parts);
      from = at + 1;
    }
    this.rest = Buffer.from(data.subarray(Math.max(from, data.length - LINE_BYTES_MAX)));
    await this.send(parts);
  }

  async end(): Promise<void> {
    const parts: Buffer[] = [];
    if (this.rest.length > 0) this.line(this.rest, parts);
    await this.send(parts);
  }

  private line(line: Buffer, parts: Buffer[]): void {
    const parsed = parseLogLine(line);
    if (!parsed) return;
    if (this.options.since_ms !== undefined && Date.parse(parsed.time) < this.options.since_ms) return;
    if (this.options.timestamps && this.fresh) parts.push(Buffer.from(`${parsed.time} `));
    parts.push(parsed.text);
    this.fresh = parsed.text.at(-1) === 0x0a;
  }

  private async send(parts: Buffer[]): Promise<void> {
    if (parts.length === 0 || this.full) return;
    let data = Buffer.concat(parts);
    if (data.length >= this.left_bytes) {
      data = data.subarray(0, this.left_bytes);
      this.full = true;
    }
    this.left_bytes -= data.length;
    if (data.length > 0) await this.ports.write(data);
  }
}
