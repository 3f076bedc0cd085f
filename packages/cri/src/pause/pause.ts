import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { assembleArm64 } from "./arm64.ts";
import { elfFile, type Program } from "./elf.ts";
import { assembleX64 } from "./x64.ts";

/**
 * The process that holds a pod's namespaces, as machine code, since no registry
 * is there to pull one from and a Node process would cost 40 MB for each pod:
 *
 *   pause [hostname [netns-path]]
 *
 * ignores SIGCHLD (so that the kernel reaps its children), brings `lo` up, sets
 * the host name if one is given, joins the network namespace if one is given
 * (or exits with 1), closes descriptor 3 (the adapter's sign that all is done)
 * and waits. It has no signal handler: as process 1 only SIGKILL ends it.
 */
export function pauseBinary(machine: string): Buffer {
  const programs: Record<string, () => Program> = {
    x64: () => ({ machine: "x64", code: assembleX64() }),
    arm64: () => ({ machine: "arm64", code: assembleArm64() }),
  };
  const program = programs[machine];
  if (!program) throw new Error(`no pause program for processor "${machine}"; known: ${Object.keys(programs).join(", ")}`);
  return elfFile(program());
}

/** Puts the program at `path` unless it is there; replaced by rename, so that it is never half written. */
export function installPause(path: string): string {
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, pauseBinary(process.arch), { mode: 0o755 });
  renameSync(temporary, path);
  return path;
}
