import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerConfig, PodSandboxConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { ProcessImage } from "../images.ts";
import type { ProcessId } from "./proc.ts";

/** What the process handler remembers of a sandbox: `<root>/sandboxes/<id>/state.json`. */
export interface SandboxState {
  id: string;
  config: PodSandboxConfig;
  created_ms: number;
  /** The machine's network namespace when made: another one means that the machine was restarted. */
  machine_net: string;
  /** Holds the pod's namespaces; undefined for a host-network pod, which has none of its own. */
  pause: ProcessId | undefined;
  ips: string[];
  /** The machine's interfaces the pod hangs on; absent in states of earlier versions. */
  hostInterfaces?: string[];
  stopped: boolean;
  /** The network was added and not yet deleted. */
  networked: boolean;
}

export type ContainerPhase =
  | { kind: "created" }
  | { kind: "running"; wrapper: ProcessId; main: ProcessId; started_ms: number }
  | { kind: "exited"; started_ms: number; finished_ms: number; exit_code: number; reason: string; message: string };

/** `<root>/containers/<id>/state.json`. */
export interface ContainerRecord {
  id: string;
  sandboxId: string;
  config: ContainerConfig;
  image: ProcessImage & { id: string };
  logPath: string;
  created_ms: number;
  phase: ContainerPhase;
  /** Cgroup folders (one per hierarchy) the container was put into. */
  cgroups: string[];
}

/**
 * The state folder. A file is replaced by rename, so that a crash leaves the old
 * state or the new one. Small files, rarely written: synchronous on purpose.
 */
export class StateFolder<T extends { id: string }> {
  private readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  path(id: string, ...rest: string[]): string {
    return join(this.dir, id, ...rest);
  }

  save(record: T): void {
    const file = this.path(record.id, "state.json");
    mkdirSync(this.path(record.id), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
  }

  loadAll(): T[] {
    const records: T[] = [];
    for (const id of readdirSync(this.dir)) {
      try {
        records.push(JSON.parse(readFileSync(this.path(id, "state.json"), "utf8")));
      } catch {
        this.remove(id); // crashed before its first save: nobody knows of it
      }
    }
    return records;
  }

  remove(id: string): void {
    rmSync(this.path(id), { recursive: true, force: true });
  }
}
