import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { ClusterSpec } from "./spec.ts";

/** `<state>/cluster.json`: what the next flotillad must know. */
export interface ClusterState {
  spec: ClusterSpec;
  /** What the user last asked for; the whole cluster's wish. */
  wanted: "running" | "stopped";
  /** Machines that were killed or stopped by themselves and not started again. */
  down: string[];
  /** Host ports that lead to node ports. */
  forwards: { port: number; nodePort: number }[];
}

export function readState(file: string): ClusterState | undefined {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")) as ClusterState;
}

export function writeState(file: string, state: ClusterState): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
