import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, write } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@flotilla/base";
import type { SlabFile } from "@flotilla/mvcc";

/** Places are multiples of this; most slabs take one. */
const SLOT_BYTES = 1 << 20;
/** After a write has failed (a full disk), how many more stay in memory before the next try. */
const PAUSE_WRITES = 64;

/**
 * Values that have left the memory, in a file without a name: it ends with the
 * process, since a restart reads everything from snapshot and log. Nothing rests
 * on its being durable, so it is never synced, and the kernel keeps as much of it
 * in its cache as there is room for.
 */
export function openSlabFile(folder: string, log: Logger): SlabFile & { close(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "values.tmp");
  const fd = openSync(path, "w+", 0o600);
  rmSync(path);
  const free: number[] = [];
  const slots = new Map<number, number>();
  let end = 0;
  let pause = 0;
  let writing = 0;
  let closing = false;

  const take = (count: number): number => {
    const slot = count === 1 ? free.pop() : undefined;
    const first = slot ?? end;
    if (slot === undefined) end += count;
    slots.set(first, count);
    return first;
  };
  const giveBack = (first: number): void => {
    for (let i = slots.get(first) ?? 0; i > 0; i--) free.push(first + i - 1);
    slots.delete(first);
    if (slots.size > 0) return;
    free.length = 0;
    end = 0;
    ftruncateSync(fd, 0);
  };

  /** Not while a write runs: its descriptor's number could belong to another file by then. */
  const close = (): void => {
    closing = true;
    if (writing === 0) closeSync(fd);
  };

  return {
    write(bytes, done) {
      if (pause > 0) {
        pause--;
        return void queueMicrotask(() => done(undefined));
      }
      const first = take(Math.ceil(bytes.length / SLOT_BYTES));
      writing++;
      const next = (at: number): void =>
        write(fd, bytes, at, bytes.length - at, first * SLOT_BYTES + at, (error, written) => {
          if (!error && at + written < bytes.length) return next(at + written);
          writing--;
          if (closing) return close();
          if (!error) return done(first * SLOT_BYTES);
          log.warn("values stay in memory: they cannot be written to disk", { error: error.message });
          pause = PAUSE_WRITES;
          giveBack(first);
          done(undefined);
        });
      next(0);
    },
    read(place, length) {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const count = readSync(fd, out, at, length - at, place + at);
        if (count === 0) throw new Error(`values are missing from ${path} at ${place + at}`);
        at += count;
      }
      return out;
    },
    free: (place) => giveBack(place / SLOT_BYTES),
    close,
  };
}
