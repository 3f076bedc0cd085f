import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LinuxContainerResources } from "@flotilla/rpc/gen/cri/v1/api.ts";

/** `ip netns exec` hides the cgroup file systems below a fresh /sys: process 1 still shows them. */
const ROOTS = ["/sys/fs/cgroup", "/proc/1/root/sys/fs/cgroup"];
const V1_CONTROLLERS = ["cpu", "cpuacct", "memory"] as const;

export interface Cgroups {
  /** Whether CPU and memory limits are enforced; else why not. */
  problem: string | undefined;
  /** Makes the container's folders; none where cgroups are not writable. */
  create(id: string, resources: LinuxContainerResources | undefined): string[];
  update(folders: string[], resources: LinuxContainerResources): void;
  usage(folders: string[]): { cpu_ns: number; memory_bytes: number } | undefined;
  /** Whether the kernel killed a process of it for want of memory. */
  outOfMemory(folders: string[]): boolean;
  processes(folders: string[]): number[];
  /** Removes empty folders; false while a process is still in one. */
  remove(folders: string[]): boolean;
}

/** Control groups, v1 or v2, below `<root>/<parent>`; falls back to none where they can't be written. */
export function openCgroups(parent: string, root = findRoot()): Cgroups {
  const v2 = existsSync(join(root, "cgroup.controllers"));
  const bases = v2 ? [join(root, parent)] : V1_CONTROLLERS.filter((c) => existsSync(join(root, c))).map((c) => join(root, c, parent));
  const problem = probe(v2, root, bases);
  return {
    problem,
    create(id, resources) {
      if (problem) return [];
      prepare(v2, root, bases); // an earlier container's end may have taken the parents with it
      const folders = bases.map((base) => join(base, id));
      for (const folder of folders) mkdirSync(folder, { recursive: true });
      if (resources) apply(v2, folders, resources);
      return folders;
    },
    update: (folders, resources) => apply(v2, folders, resources),
    usage: (folders) => (folders.length === 0 ? undefined : usage(v2, folders)),
    outOfMemory: (folders) =>
      folders.some((folder) => /^oom_kill [1-9]/m.test(read(join(folder, v2 ? "memory.events" : "memory.oom_control")))),
    processes: (folders) => (folders[0] ? numbers(read(join(folders[0], "cgroup.procs"))) : []),
    remove(folders) {
      let empty = true;
      for (const folder of folders) {
        try {
          rmdirSync(folder);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOENT") empty = false;
        }
      }
      if (empty) for (const base of bases) removeEmpty(base, parent.split("/").length);
      return empty;
    },
  };
}

function findRoot(): string {
  return ROOTS.find((root) => existsSync(join(root, "cgroup.controllers")) || existsSync(join(root, "memory"))) ?? ROOTS[0]!;
}

function probe(v2: boolean, root: string, bases: string[]): string | undefined {
  if (bases.length === 0) return `no cgroup hierarchy at ${root}`;
  try {
    prepare(v2, root, bases);
    return undefined;
  } catch (error) {
    return `cgroups are not writable: ${(error as Error).message}`;
  }
}

/** Makes the parents; in v2 each level has to hand the controllers down to the next. */
function prepare(v2: boolean, root: string, bases: string[]): void {
  for (const base of bases) {
    if (existsSync(base)) continue;
    mkdirSync(base, { recursive: true });
    if (!v2) continue;
    const levels = base.slice(root.length + 1).split("/");
    for (let depth = 0; depth <= levels.length; depth++) {
      writeFileSync(join(root, ...levels.slice(0, depth), "cgroup.subtree_control"), "+cpu +memory");
    }
  }
}

/** The parents go with the last container: nothing is left of a cluster that is gone. */
function removeEmpty(folder: string, levels: number): void {
  try {
    for (let path = folder, left = levels; left > 0; left--, path = dirname(path)) rmdirSync(path);
  } catch {
    // others are still in there
  }
}

/** Pure: which file gets which value. Zero in CRI means "not set". */
export function settings(v2: boolean, r: LinuxContainerResources): [string, string][] {
  const out: [string, string][] = [];
  const period = r.cpuPeriod || 100_000;
  if (v2) {
    if (r.cpuShares > 0)
      out.push(["cpu.weight", String(Math.max(1, Math.min(10_000, 1 + Math.floor(((r.cpuShares - 2) * 9999) / 262_142))))]);
    if (r.cpuQuota !== 0) out.push(["cpu.max", r.cpuQuota > 0 ? `${r.cpuQuota} ${period}` : `max ${period}`]);
    if (r.memoryLimitInBytes > 0) out.push(["memory.max", String(r.memoryLimitInBytes)]);
    return out;
  }
  if (r.cpuShares > 0) out.push(["cpu.shares", String(Math.max(2, r.cpuShares))]);
  if (r.cpuQuota !== 0) out.push(["cpu.cfs_period_us", String(period)], ["cpu.cfs_quota_us", String(r.cpuQuota)]);
  if (r.memoryLimitInBytes > 0) {
    const limit = String(r.memoryLimitInBytes);
    out.push(["memory.limit_in_bytes", limit], ["memory.memsw.limit_in_bytes", limit]); // no escape into swap, as the kubelet wants it
  }
  return out;
}

/** Twice: a limit may only be writable after another one was raised (v1: memory after memory and swap). */
function apply(v2: boolean, folders: string[], resources: LinuxContainerResources): void {
  const files = settings(v2, resources).flatMap(([file, value]) => folders.map((folder) => [join(folder, file), value] as const));
  const writes = files.filter(([path]) => existsSync(path));
  for (const [path, value] of writes) {
    try {
      writeFileSync(path, value);
    } catch {
      // the second round tells
    }
  }
  for (const [path, value] of writes) writeFileSync(path, value);
}

/** CPU and memory of any cgroup below the root, such as Docker's; undefined where it can't be seen. */
export function readUsage(path: string, root = findRoot()): { cpu_ns: number; memory_bytes: number } | undefined {
  const v2 = existsSync(join(root, "cgroup.controllers"));
  return usage(v2, v2 ? [join(root, path)] : V1_CONTROLLERS.map((c) => join(root, c, path)));
}

function usage(v2: boolean, folders: string[]): { cpu_ns: number; memory_bytes: number } | undefined {
  const find = (file: string) => folders.map((folder) => read(join(folder, file))).find((text) => text !== "") ?? "";
  if (v2) {
    const usec = /^usage_usec (\d+)/m.exec(find("cpu.stat"));
    if (!usec) return undefined;
    return {
      cpu_ns: Number(usec[1]) * 1000,
      memory_bytes: workingSet(find("memory.current"), /^inactive_file (\d+)/m.exec(find("memory.stat"))),
    };
  }
  const cpu = find("cpuacct.usage");
  if (cpu === "") return undefined;
  return {
    cpu_ns: Number(cpu),
    memory_bytes: workingSet(find("memory.usage_in_bytes"), /^total_inactive_file (\d+)/m.exec(find("memory.stat"))),
  };
}

/** As cAdvisor counts it: usage without the inactive page cache. */
function workingSet(used: string, inactive: RegExpExecArray | null): number {
  return Math.max(0, Number(used) - Number(inactive?.[1] ?? 0));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function numbers(text: string): number[] {
  return text.split("\n").filter(Boolean).map(Number);
}
