import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

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
