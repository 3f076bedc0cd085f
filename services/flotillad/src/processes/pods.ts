import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, type ProcessId, readStat } from "@flotilla/cri/process/proc.ts";
import type { ContainerRecord, SandboxState } from "@flotilla/cri/process/state.ts";

/** One container of the process runtime, as its adapter's state folder tells: true even while adapter, kubelet and API server are dead. */
export interface PodProcess {
  namespace: string;
  pod: string;
  container: string;
  image: string;
  attempt: number;
  state: "running" | "paused" | "exited";
  main: ProcessId | undefined;
  wrapper: ProcessId | undefined;
}

const records = <T>(folder: string): T[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((id) => {
    try {
      return [JSON.parse(readFileSync(join(folder, id, "state.json"), "utf8")) as T];
    } catch {
      return []; // being written or removed
    }
  });
};

/** The process handler's state folders below a machine's runtime root: alone, or beside Docker's. */
function stateRoots(criRoot: string): string[] {
  return [criRoot, join(criRoot, "process")].filter((root) => existsSync(join(root, "containers")));
}

/** Of each container of a pod only the newest attempt. */
export function podProcesses(criRoot: string): PodProcess[] {
  const newest = new Map<string, PodProcess>();
  for (const root of stateRoots(criRoot)) {
    for (const record of records<ContainerRecord>(join(root, "containers"))) {
      const found = describe(record);
      const key = `${record.config.labels["io.kubernetes.pod.uid"]}/${found.container}`;
      const other = newest.get(key);
      if (!other || other.attempt < found.attempt || (other.attempt === found.attempt && found.state !== "exited")) newest.set(key, found);
    }
  }
  return [...newest.values()];
}

function describe(record: ContainerRecord): PodProcess {
  const { labels, metadata } = record.config;
  const running = record.phase.kind === "running" ? record.phase : undefined;
  const alive = running && isAlive(running.main);
  return {
    namespace: labels["io.kubernetes.pod.namespace"] ?? "",
    pod: labels["io.kubernetes.pod.name"] ?? "",
    container: labels["io.kubernetes.container.name"] ?? metadata?.name ?? "",
    image: record.image.name,
    attempt: metadata?.attempt ?? 0,
    state: !alive ? "exited" : readStat(running.main.pid)?.state === "T" ? "paused" : "running",
    main: alive ? running.main : undefined,
    wrapper: alive ? running.wrapper : undefined,
  };
}

/** Every process the runtime started on a machine: containers, their wrappers, and what holds the pods' namespaces. */
export function runtimeProcesses(criRoot: string): ProcessId[] {
  const found: ProcessId[] = [];
  for (const root of stateRoots(criRoot)) {
    for (const { phase } of records<ContainerRecord>(join(root, "containers"))) {
      if (phase.kind === "running") found.push(phase.wrapper, phase.main);
    }
    for (const { pause } of records<SandboxState>(join(root, "sandboxes"))) if (pause) found.push(pause);
  }
  return found.filter(isAlive);
}

/** Whatever else runs in a network namespace: shells somebody opened, helpers whose parent died. */
export function processesInNetwork(network: string, readlink: (path: string) => string | undefined): ProcessId[] {
  const found: ProcessId[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || readlink(`/proc/${name}/ns/net`) !== network) continue;
    const stat = readStat(Number(name));
    if (stat) found.push({ pid: stat.pid, start_ticks: stat.start_ticks });
  }
  return found;
}
