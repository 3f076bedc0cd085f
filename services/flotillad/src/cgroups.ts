import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** cpu.shares of one ordinary process; a group without a say of its own has as much. */
const SHARES = 1024;
const WEIGHT = 100;
const WEIGHT_MAX = 10_000;

/**
 * Gives all of a cluster's process containers together the weight of `processes`
 * ordinary ones. Without it the whole control plane would weigh as much as one
 * kubelet, and starve when the machine is busy, most of all while it starts.
 */
export function weighCgroup(parent: string, processes: number, root = ROOT): void {
  try {
    if (existsSync(join(root, "cgroup.controllers"))) {
      mkdirSync(join(root, parent), { recursive: true });
      writeFileSync(join(root, parent, "cpu.weight"), String(Math.min(WEIGHT_MAX, WEIGHT * processes)));
    } else if (existsSync(join(root, "cpu"))) {
      mkdirSync(join(root, "cpu", parent), { recursive: true });
      writeFileSync(join(root, "cpu", parent, "cpu.shares"), String(SHARES * processes));
    }
  } catch {
    // Not ours to weigh: then containers are in no group of their own either.
  }
}

/** Removes what the process runtime left of `<hierarchy>/<parent>`; folders that still hold a process stay. */
export function removeCgroups(parent: string, root = ROOT): void {
  if (!existsSync(root)) return;
  const folders = [root, ...readdirSync(root, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [join(root, e.name)] : []))];
  for (const folder of folders) {
    const base = join(folder, parent);
    if (existsSync(base)) removeTree(base);
  }
}

/** A cgroup's files go with its folder: only folders are removed, innermost first. */
function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name));
    rmdirSync(folder);
  } catch {
    // Not ours to remove, or still in use.
  }
}
