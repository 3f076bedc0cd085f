import { readFileSync, statfsSync, writeFileSync } from "node:fs";
import os from "node:os";
import type { HostResources } from "./capacity.ts";
import type { MachineInfo } from "./status.ts";

/** Facts of the machine, read once. */
export function readMachine(hostname: string): MachineInfo {
  return {
    hostname,
    machineID: read("/etc/machine-id"),
    systemUUID: read("/sys/class/dmi/id/product_uuid") || read("/etc/machine-id"),
    bootID: read("/proc/sys/kernel/random/boot_id"),
    kernelVersion: os.release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(read("/etc/os-release"))?.[1] ?? "Linux",
    operatingSystem: "linux",
    architecture: os.arch() === "x64" ? "amd64" : os.arch(),
  };
}

export function readResources(path: string): HostResources {
  let disk_bytes = 0;
  try {
    const fs = statfsSync(path);
    disk_bytes = fs.blocks * fs.bsize;
  } catch {
    // unknown: the node then offers none
  }
  return { cpus: os.availableParallelism(), memory_bytes: os.totalmem(), disk_bytes };
}

/** The lowest oom_score_adj we may give: our own where the capability SYS_RESOURCE is withheld. */
export function lowestOomScoreAdj(): number {
  const path = "/proc/self/oom_score_adj";
  const own = Number(read(path));
  try {
    writeFileSync(path, "-999");
    writeFileSync(path, String(own));
    return -1000;
  } catch {
    return Number.isFinite(own) ? own : 0;
  }
}

/** The first IPv4 address that is not loopback. */
export function firstAddress(): string {
  const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return all.find((a) => a.family === "IPv4" && !a.internal)?.address ?? "127.0.0.1";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
