import { readFileSync, readlinkSync } from "node:fs";

/** A process told apart from a later one with the same number (proc(5): /proc/PID/stat field 22). */
export interface ProcessId {
  pid: number;
  start_ticks: string;
}

export interface ProcStat extends ProcessId {
  state: string;
  ppid: number;
  pgrp: number;
  session: number;
  cpu_ticks: number;
  rss_pages: number;
}

/** Parses one line of /proc/PID/stat; the command's name may hold blanks and brackets. */
export function parseStat(line: string): ProcStat | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < 0) return undefined;
  const rest = line.slice(close + 2).split(" ");
  return {
    pid: Number(line.slice(0, open)),
    state: rest[0]!,
    ppid: Number(rest[1]),
    pgrp: Number(rest[2]),
    session: Number(rest[3]),
    cpu_ticks: Number(rest[11]) + Number(rest[12]),
    start_ticks: rest[19]!,
    rss_pages: Number(rest[21]),
  };
}

export function readStat(pid: number): ProcStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Whether it still runs: a zombie has ended. */
export function isAlive(id: ProcessId | undefined): boolean {
  if (!id) return false;
  const stat = readStat(id.pid);
  return stat !== undefined && stat.start_ticks === id.start_ticks && stat.state !== "Z" && stat.state !== "X";
}

/** Sends a signal unless the process has ended; another process with its number is left alone. */
export function signal(id: ProcessId | undefined, name: NodeJS.Signals): void {
  if (!id || !isAlive(id)) return;
  try {
    process.kill(id.pid, name);
  } catch {
    // ended in between
  }
}

/** Identifies a namespace, e.g. "net:[4026531840]"; undefined when the process has ended. */
export function namespaceOf(pid: number | "self", kind: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

/** Whether root here is only root of a user namespace (user_namespaces(7)). */
export function inUserNamespace(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
  } catch {
    return false;
  }
}

/** A process's arguments, each ended by a NUL; "" when it has ended. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
