import { closeSync, createWriteStream, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { PassThrough } from "node:stream";
import type { Session, StreamOptions } from "../backend.ts";
import type { Containers } from "./containers.ts";
import { needContainer, type ProcessContext } from "./context.ts";
import { resizeChildOf } from "./exec.ts";
import { readStat } from "./proc.ts";
import { closeStdin } from "./stdin.ts";

const FOLLOW_MS = 25;
const CHUNK_BYTES = 64 * 1024;

/** Attach: follows the raw output from now on, and writes to the stdin FIFO. */
export async function attachSession(context: ProcessContext, containers: Containers, id: string, options: StreamOptions): Promise<Session> {
  const record = needContainer(context, id);
  const main = containers.main(record);
  const dir = context.containerFolder.path(record.id);
  let abandoned = false;
  const ended = () => abandoned || containers.refresh(record).phase.kind !== "running";
  const followers: Promise<void>[] = [];
  const follow = (name: string) => {
    const out = new PassThrough();
    followers.push(followFile(context, `${dir}/${name}`, out, ended));
    return out;
  };
  const stdout = options.stdout ? follow("stdout") : undefined;
  const stderr = options.stderr && !record.config.tty ? follow("stderr") : undefined;
  const stdin = options.stdin && existsSync(`${dir}/stdin`) ? createWriteStream(`${dir}/stdin`, { flags: "a" }) : undefined;
  stdin?.on("error", () => {}); // the container closed its end
  if (record.config.stdinOnce) stdin?.on("close", () => closeStdin(record.id));
  const done = Promise.all(followers.length > 0 ? followers : [untilEnd(context, ended)]).then(() =>
    record.phase.kind === "exited" ? record.phase.exit_code : 0,
  );
  return {
    stdin,
    stdout,
    stderr,
    resize: (columns, rows) => void resizeTerminal(context, main.pid, columns, rows),
    done: done.then(() => 0),
    abandon: () => {
      abandoned = true;
      stdin?.end();
    },
  };
}

/** The main process's terminal belongs to script(1), an ancestor: found by going up. */
async function resizeTerminal(context: ProcessContext, main: number, columns: number, rows: number): Promise<void> {
  const parent = readStat(main)?.ppid;
  if (parent) await resizeChildOf(context.clock, parent, columns, rows);
}

async function untilEnd(context: ProcessContext, ended: () => boolean): Promise<void> {
  while (!ended()) await new Promise<void>((resolve) => context.clock.setTimeout(resolve, FOLLOW_MS));
}

async function followFile(context: ProcessContext, path: string, out: PassThrough, ended: () => boolean): Promise<void> {
  const fd = openSync(path, "r");
  try {
    let offset = fstatSync(fd).size;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const last = ended();
      for (let size: number; (size = readSync(fd, buffer, 0, buffer.length, offset)) > 0; offset += size) {
        if (!out.write(Buffer.from(buffer.subarray(0, size)))) await new Promise((resolve) => out.once("drain", resolve));
      }
      if (last) break;
      await new Promise<void>((resolve) => context.clock.setTimeout(resolve, FOLLOW_MS));
    }
  } finally {
    closeSync(fd);
    out.end();
  }
}
