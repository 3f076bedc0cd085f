import { closeSync, constants, openSync } from "node:fs";
import { run } from "../exec.ts";
import { tool } from "./tools.ts";

/**
 * A container's stdin is a FIFO. The adapter holds a writing end, so that the
 * container sees no end of file between two attached clients; closing it (stdinOnce) is that end.
 */
const writers = new Map<string, number>();

/** @returns the reading end for the container; close it after the start. */
export async function openStdin(id: string, dir: string): Promise<number> {
  const path = `${dir}/stdin`;
  await run([tool("mkfifo"), path]);
  // Opening for both never blocks, and lets the two proper ends open without waiting for each other.
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const reader = openSync(path, constants.O_RDONLY);
  writers.set(id, openSync(path, constants.O_WRONLY));
  closeSync(both);
  return reader;
}

/** Ends the container's input. */
export function closeStdin(id: string): void {
  const fd = writers.get(id);
  if (fd !== undefined) closeSync(fd);
  writers.delete(id);
}
