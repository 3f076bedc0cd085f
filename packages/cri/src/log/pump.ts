import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { assert, type Clock } from "@flotilla/base";
import { LINE_BYTES_MAX, toCriLines } from "./cri-format.ts";

const CHUNK_BYTES = 256 * 1024;
const STREAMS = ["stdout", "stderr"] as const;

/**
 * Follows a container's raw output files and writes the CRI log.
 *
 * The container owns the raw files (it appends, and needs no adapter to do so);
 * the pump owns the log and the offsets file. Invariants:
 * 1. A raw byte below the offset is in the log.
 * 2. The offsets are saved after the log is written: a crash in between repeats
 *    lines, but loses none.
 */
export class LogPump {
  private readonly rawDir: string;
  private readonly logPath: string;
  private readonly clock: Clock;
  private readonly raw: (number | undefined)[] = [undefined, undefined];
  private offsets: [number, number] = [0, 0];
  private log: number | undefined;
  private readonly buffer: Buffer;

  constructor(rawDir: string, logPath: string, clock: Clock, buffer = Buffer.allocUnsafe(CHUNK_BYTES)) {
    this.rawDir = rawDir;
    this.logPath = logPath;
    this.clock = clock;
    assert(buffer.length > LINE_BYTES_MAX, "the buffer holds at least one part of a line");
    this.buffer = buffer;
    try {
      this.offsets = JSON.parse(readFileSync(`${rawDir}/offsets`, "utf8"));
    } catch {
      // nothing pumped yet
    }
  }

  /** Copies what is new. `final`: the container has ended, an unfinished line counts. Returns whether anything was. The log is there afterwards. */
  pump(final = false): boolean {
    let moved = false;
    this.openLog();
    for (const [index, stream] of STREAMS.entries()) {
      while (this.pumpOnce(index as 0 | 1, stream, final)) moved = true;
    }
    if (moved) this.saveOffsets();
    return moved;
  }

  private pumpOnce(index: 0 | 1, stream: "stdout" | "stderr", final: boolean): boolean {
    const fd = this.open(index, stream);
    if (fd === undefined) return false;
    const offset = this.offsets[index];
    if (fstatSync(fd).size <= offset) return false;
    const size = readSync(fd, this.buffer, 0, this.buffer.length, offset);
    const { text, consumed } = toCriLines(this.buffer.subarray(0, size), stream, this.clock.now(), final && size < this.buffer.length);
    if (consumed === 0) return false;
    writeSync(this.openLog(), text);
    this.offsets[index] = offset + consumed;
    return true;
  }

  private open(index: 0 | 1, stream: string): number | undefined {
    if (this.raw[index] === undefined && existsSync(`${this.rawDir}/${stream}`))
      this.raw[index] = openSync(`${this.rawDir}/${stream}`, "r");
    return this.raw[index];
  }

  private openLog(): number {
    if (this.log === undefined) {
      mkdirSync(dirname(this.logPath), { recursive: true });
      this.log = openSync(this.logPath, "a", 0o640);
    }
    return this.log;
  }

  /** After the kubelet renamed the log (rotation): the next line goes to a new file. */
  reopen(): void {
    if (this.log !== undefined) closeSync(this.log);
    this.log = undefined;
    this.openLog();
  }

  private saveOffsets(): void {
    writeFileSync(`${this.rawDir}/offsets.new`, JSON.stringify(this.offsets));
    renameSync(`${this.rawDir}/offsets.new`, `${this.rawDir}/offsets`);
  }

  close(): void {
    for (const fd of [...this.raw, this.log]) if (fd !== undefined) closeSync(fd);
    this.raw.fill(undefined);
    this.log = undefined;
  }
}
