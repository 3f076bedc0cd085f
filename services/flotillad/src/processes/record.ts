import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type ProcessId, readStat } from "@flotilla/cri/process/proc.ts";

/** What is left of a process for the next flotillad: enough to know it again and to count on. */
export interface ProcessRecord extends ProcessId {
  restarts: number;
}

export function readRecord(file: string): ProcessRecord | undefined {
  try {
    const { pid, start_ticks, restarts } = JSON.parse(readFileSync(file, "utf8"));
    return { pid, start_ticks, restarts };
  } catch {
    return undefined;
  }
}

/** Undefined when the process has ended already. */
export function writeRecord(file: string, pid: number, restarts: number): ProcessRecord | undefined {
  const stat = readStat(pid);
  if (!stat) return undefined;
  const record = { pid, start_ticks: stat.start_ticks, restarts };
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
  return record;
}
