import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Line = (source: string, target: string, type: string, options: string) => string;

/** Kernel file systems get lines of their own. */
const APART = ["/proc", "/sys", "/dev"];

/**
 * A root folder that shows the machine's "/" by binds: every top-level entry
 * is bound as a whole, except where a mount point is missing below it; there a
 * plain folder stands in whose entries are bound one by one. Makes the mount
 * points below `root` and returns the fstab lines.
 */
export function bindTree(root: string, targets: string[], line: Line): string[] {
  const missing = targets.filter((target) => !existsSync(target));
  const lines: string[] = [];
  const walk = (folder: string) => {
    mkdirSync(root + folder, { recursive: true });
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (APART.includes(path)) continue;
      if (entry.isSymbolicLink()) symlinkSync(readlinkSync(path), root + path);
      else if (missing.some((target) => target.startsWith(`${path}/`))) walk(path);
      else {
        if (entry.isDirectory()) mkdirSync(root + path);
        else writeFileSync(root + path, "");
        lines.push(line(path, root + path, "none", entry.isDirectory() ? "rbind" : "bind"));
      }
    }
  };
  walk("/");
  return lines;
}
